import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { cliSettings, SettingsMissing } from './settings.js';

const names = ['registry', 'intake', 'policy', 'approvals', 'credentials', 'notifier', 'audit'];
const services = Object.fromEntries(names.map((name, at) => [name, `http://127.0.0.1:710${String(at)}/`]));
const content = { issuer: 'https://idp.example', client_id: 'cli', services };
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-settings-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function write(text: string): string {
  mkdirSync(join(folder, '.data'), { recursive: true });
  const path = join(folder, '.data', 'cli.json');
  writeFileSync(path, text);
  return path;
}

describe('where the gate is', () => {
  it('stands in a file of this folder or one above', () => {
    write(JSON.stringify(content));
    const below = join(folder, 'a', 'b');
    mkdirSync(below, { recursive: true });
    expect(cliSettings({}, below).services.approvals).toBe('http://127.0.0.1:7103');
  });

  it('stands in the file that is named, and in no other', () => {
    write(JSON.stringify(content));
    expect(() => cliSettings({ SALLYPORT_CLI_CONFIG: join(folder, 'none') }, folder)).toThrow('cannot be read as JSON');
  });

  it('is told in words when nobody said it', () => {
    expect(() => cliSettings({}, '/')).toThrow('no gate is configured: run `npm start`');
  });

  it('may be overridden for one service, and is checked all the same', () => {
    write(JSON.stringify(content));
    const settings = cliSettings({ SALLYPORT_AUDIT_URL: 'https://audit.example/' }, folder);
    expect([settings.services.audit, settings.services.policy]).toEqual(['https://audit.example', 'http://127.0.0.1:7102']); // prettier-ignore
    for (const url of ['audit', 'file:///etc/passwd', ''])
      expect(() => cliSettings({ SALLYPORT_AUDIT_URL: url }, folder)).toThrow(SettingsMissing);
  });

  it.each(['', '[]', '{}', '{"services":{}}', JSON.stringify({ ...content, issuer: 'x' })])(
    'is refused when the file does not say it: %s',
    (text) => {
      write(text);
      expect(() => cliSettings({}, folder)).toThrow(SettingsMissing);
    },
  );
});
