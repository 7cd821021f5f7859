import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { commonSettings } from './common-settings.js';
import { defineSettings } from './define-settings.js';
import { secret } from './marks.js';
import { settingsTable } from './settings-table.js';

const rows = settingsTable(
  defineSettings(
    z.object({
      ...commonSettings('audit'),
      SALLYPORT_AUDIT_SALT: secret(z.string(), { demo: 'c4nary-salt' }).describe('Key of the leaves'),
    }),
  ),
);

const row = (name: string) => rows.find((each) => each.name === name);

describe('the table of settings', () => {
  it('says meaning, default and need of each', () => {
    expect(row('SALLYPORT_AUDIT_PORT')).toMatchObject({ defaultValue: '7106', required: false, secret: false });
    expect(row('SALLYPORT_GATE_ID')).toMatchObject({ required: true, demoValue: 'gate.demo.example' });
    expect(row('SALLYPORT_POLICY_URL')).toMatchObject({ required: true, demoValue: 'http://127.0.0.1:7102' });
    expect(row('SALLYPORT_FAULT')).toMatchObject({ required: false, demoOnly: true });
    expect(rows.every(({ meaning }) => meaning.length > 10)).toBe(true);
  });

  it('never shows a secret, not even the demo one', () => {
    expect(row('SALLYPORT_AUDIT_SALT')).toMatchObject({
      secret: true,
      required: true,
      defaultValue: undefined,
      demoValue: undefined,
    });
    expect(JSON.stringify(rows)).not.toContain('c4nary-salt');
  });
});
