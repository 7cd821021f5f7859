import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { loadSettings, SettingsError } from '#platform';
import { settings } from '../config.js';
import { ScimProviders } from './scim-providers.js';

const dir = mkdtempSync(join(tmpdir(), 'sallyport-scim-'));
afterAll(() => {
  rmSync(dir, { recursive: true });
});

const issuer = 'https://idp.example';
const token = 'k'.repeat(43);
const other = 'o'.repeat(43);

function read(content: string, mode: 'demo' | 'production' = 'production', issuers = [issuer]): ScimProviders {
  const tokenFile = join(dir, 'token');
  writeFileSync(tokenFile, content);
  const provider = { name: 'okta', issuer, subject: 'externalId' as const, people: [], groups: {}, tokenFile };
  return ScimProviders.read([provider], { mode, issuers });
}

const why = (work: () => unknown): string => {
  try {
    work();
    return 'accepted';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

describe('the tokens of providers', () => {
  it('let in their provider, two while one takes the place of the other', () => {
    const providers = read(`${token}\n${other}\n`);
    expect(providers.holderOf(token)?.name).toBe('okta');
    expect(providers.holderOf(other)?.name).toBe('okta');
    for (const wrong of ['', 'k', `${token}k`, token.slice(1), `${token}\n${other}`]) {
      expect(providers.holderOf(wrong)).toBeUndefined();
    }
  });

  it('are refused when short, absent, unreadable, the same twice, or for an issuer whose people may not sign in', () => {
    expect(why(() => read('short'))).toContain('40 to 512');
    expect(why(() => read('\n'))).toContain('one token');
    expect(why(() => read(`${token}\n${token}`))).toContain('twice');
    expect(why(() => read(token, 'production', []))).toContain('SALLYPORT_OIDC_ISSUERS');
    const provider = {
      name: 'okta',
      issuer,
      subject: 'userName' as const,
      people: [],
      groups: {},
      tokenFile: join(dir, 'none'),
    };
    expect(why(() => ScimProviders.read([provider], { mode: 'demo', issuers: [issuer] }))).toContain('cannot be read');
  });

  it('for trying it out work in demo mode only, and no refusal quotes one', () => {
    const demo = `demo-${token}`;
    expect(read(demo, 'demo').holderOf(demo)?.name).toBe('okta');
    expect(why(() => read(demo))).toContain('demo mode only');
    expect(why(() => read(demo))).not.toContain(token);
  });
});

describe('the setting', () => {
  const linesFor = (list: unknown): string => {
    const SALLYPORT_REGISTRY_SCIM_PROVIDERS = typeof list === 'string' ? list : JSON.stringify(list);
    try {
      loadSettings(settings, { SALLYPORT_MODE: 'demo', SALLYPORT_REGISTRY_SCIM_PROVIDERS });
    } catch (error) {
      if (error instanceof SettingsError) return error.lines.filter((line) => line.includes('SCIM')).join();
    }
    return '';
  };
  const one = { name: 'okta', issuer, token_file: '/run/secrets/okta' };

  it('names each provider and issuer once, and each group for one name', () => {
    expect(linesFor([one, { ...one, name: 'entra', issuer: 'https://other.example' }])).toBe('');
    expect(linesFor([one, { ...one, issuer: 'https://other.example' }])).toContain('name occurs twice');
    expect(linesFor([one, { ...one, name: 'entra' }])).toContain('issuer occurs twice');
    expect(linesFor([{ ...one, groups: { A: 'dba', B: 'dba' } }])).toContain('one group');
  });

  it.each([
    ['no JSON'],
    [{}],
    [[{ ...one, name: 'Okta.1' }]],
    [[{ ...one, token: 'x' }]],
    [[{ name: 'okta', issuer }]],
  ])('refuses %j', (list) => {
    expect(linesFor(list)).toContain('malformed');
  });
});
