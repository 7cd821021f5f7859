import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { commonSettings } from './common-settings.js';
import { defineSettings } from './define-settings.js';
import { loadSettings, SettingsError } from './load-settings.js';
import { secret } from './marks.js';

const definition = defineSettings(
  z.object({
    ...commonSettings('policy'),
    SALLYPORT_POLICY_NONCE_KEY: secret(z.string().min(8), { demo: 'demo-nonce-key' }).describe('Key of nonces'),
    SALLYPORT_POLICY_LIMIT: z.coerce.number().int().default(5).describe('A limit'),
  }),
);

const urls = Object.fromEntries(
  ['INTAKE', 'POLICY', 'APPROVALS', 'CREDENTIALS', 'NOTIFIER', 'AUDIT', 'REGISTRY'].map((name) => [
    `SALLYPORT_${name}_URL`,
    `https://${name.toLowerCase()}.tern.example/`,
  ]),
);

const production = {
  ...urls,
  SALLYPORT_GATE_ID: 'gate.tern.example',
  SALLYPORT_DATABASE_URL: 'postgres://policy:pw@db.example/gate',
  SALLYPORT_KAFKA_BROKERS: 'k1.example:9092, k2.example:9092',
  SALLYPORT_TRUST_FILE: '/etc/trust.json',
  SALLYPORT_KEYS_FILE: '/etc/keys.json',
  SALLYPORT_POLICY_NONCE_KEY: 'our-own-secret',
};

const demo = {
  SALLYPORT_MODE: 'demo',
  SALLYPORT_DATABASE_URL: 'postgres://policy:pw@127.0.0.1/gate',
  SALLYPORT_TRUST_FILE: '/tmp/trust.json',
  SALLYPORT_KEYS_FILE: '/tmp/keys.json',
};

function errorsOf(env: Record<string, string>): string[] {
  try {
    loadSettings(definition, env);
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.lines;
    throw error;
  }
}

describe('settings', () => {
  it('are typed and complete when the environment is', () => {
    const settings = loadSettings(definition, { ...production, PATH: '/bin' });
    expect(settings.SALLYPORT_MODE).toBe('production');
    expect(settings.SALLYPORT_POLICY_PORT).toBe(7102);
    expect(settings.SALLYPORT_KAFKA_BROKERS).toEqual(['k1.example:9092', 'k2.example:9092']);
    expect(settings.SALLYPORT_INTAKE_URL).toBe('https://intake.tern.example');
  });

  it('say everything that is wrong at once', () => {
    const lines = errorsOf({
      SALLYPORT_POLICY_PORT: 'http',
      SALLYPORT_KAFKA_BROKERS: 'broker',
      SALLYPORT_TYPO: '1',
    }).join('\n');
    for (const name of ['GATE_ID', 'DATABASE_URL', 'TRUST_FILE', 'POLICY_NONCE_KEY', 'INTAKE_URL'])
      expect(lines).toContain(`SALLYPORT_${name} is required`);
    expect(lines).toContain('SALLYPORT_POLICY_PORT is malformed');
    expect(lines).toContain('SALLYPORT_KAFKA_BROKERS is malformed');
    expect(lines).toContain('SALLYPORT_TYPO is not a setting');
  });

  it('never quote a value', () => {
    const lines = errorsOf({
      ...production,
      SALLYPORT_DATABASE_URL: 'hunter2',
      SALLYPORT_GATE_ID: 'HUNTER2 ',
      SALLYPORT_POLICY_NONCE_KEY: 'hunter',
    });
    expect(lines).toHaveLength(3);
    expect(lines.join('\n').toLowerCase()).not.toContain('hunter');
  });

  it('refuse a misspelt name of their own and leave those of other programs alone', () => {
    expect(errorsOf({ ...production, SALLYPORT_POLICY_LIMITS: '7' })).toEqual([
      'SALLYPORT_POLICY_LIMITS is not a setting that anything here knows',
    ]);
    expect(errorsOf({ ...production, SALLYPORT_NOTIFIER_SMTP_URL: 'smtp://x' })).toEqual([]);
  });

  it('take an empty value as not set', () => {
    expect(errorsOf({ ...production, SALLYPORT_GATE_ID: '' })).toEqual(['SALLYPORT_GATE_ID is required']);
  });
});

describe('a login at Kafka', () => {
  const loginOf = (login: string) =>
    loadSettings(definition, { ...production, SALLYPORT_KAFKA_LOGIN: login }).SALLYPORT_KAFKA_LOGIN;

  it('is one secret with a mechanism, a user and a password that may contain anything', () => {
    expect(loginOf('scram-sha-512:policy:a:b c')).toEqual({
      mechanism: 'scram-sha-512',
      username: 'policy',
      password: 'a:b c',
    });
    expect(loginOf('')).toBeUndefined();
  });

  it.each(['policy:pw', 'oauth:policy:pw', 'plain::pw', 'plain:policy:'])(
    'is refused when it is incomplete or unknown: %s',
    (login) => {
      expect(errorsOf({ ...production, SALLYPORT_KAFKA_LOGIN: login })).toEqual([
        'SALLYPORT_KAFKA_LOGIN is malformed: expected mechanism:user:password',
      ]);
    },
  );
});

describe('demo mode', () => {
  it('needs no secret, and its addresses follow the chosen ports', () => {
    const settings = loadSettings(definition, { ...demo, SALLYPORT_AUDIT_PORT: '8106' });
    expect(settings.SALLYPORT_POLICY_NONCE_KEY).toBe('demo-nonce-key');
    expect(settings.SALLYPORT_AUDIT_URL).toBe('http://127.0.0.1:8106');
    expect(settings.SALLYPORT_REGISTRY_URL).toBe('http://127.0.0.1:7107');
  });

  it('is the only place where its secrets and switches work', () => {
    expect(errorsOf({ ...production, SALLYPORT_POLICY_NONCE_KEY: 'demo-nonce-key' })).toEqual([
      'SALLYPORT_POLICY_NONCE_KEY holds the demo secret, which everybody knows: set your own',
    ]);
    expect(errorsOf({ ...production, SALLYPORT_FAULT: 'in-transaction:1' })).toEqual([
      'SALLYPORT_FAULT is accepted in demo mode only',
    ]);
  });

  it('listens on loopback only', () => {
    expect(errorsOf({ ...demo, SALLYPORT_HTTP_HOST: '0.0.0.0' })).toHaveLength(1);
    expect(errorsOf({ ...demo, SALLYPORT_HTTP_HOST: '127.0.0.2' })).toEqual([]);
    expect(errorsOf({ ...production, SALLYPORT_HTTP_HOST: '0.0.0.0' })).toEqual([]);
  });
});

describe('a secret', () => {
  let dir = '';
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'sallyport-settings-'));
    writeFileSync(join(dir, 'key'), 'from-a-file\n');
    writeFileSync(join(dir, 'demo'), 'demo-nonce-key');
  });
  afterAll(() => {
    rmSync(dir, { recursive: true });
  });

  const { SALLYPORT_POLICY_NONCE_KEY: direct, ...rest } = production;

  it('may come from a file, without the newline at its end', () => {
    const settings = loadSettings(definition, { ...rest, SALLYPORT_POLICY_NONCE_KEY_FILE: join(dir, 'key') });
    expect(settings.SALLYPORT_POLICY_NONCE_KEY).toBe('from-a-file');
  });

  it('is refused when it comes twice, cannot be read, or is the demo one in a file', () => {
    expect(
      errorsOf({ ...rest, SALLYPORT_POLICY_NONCE_KEY: direct, SALLYPORT_POLICY_NONCE_KEY_FILE: join(dir, 'key') }),
    ).toHaveLength(1);
    expect(errorsOf({ ...rest, SALLYPORT_POLICY_NONCE_KEY_FILE: join(dir, 'none') }).join()).toContain('ENOENT');
    expect(errorsOf({ ...rest, SALLYPORT_POLICY_NONCE_KEY_FILE: join(dir, 'demo') })).toHaveLength(1);
  });

  it('is the only kind of setting that has a file variant', () => {
    expect(errorsOf({ ...production, SALLYPORT_GATE_ID_FILE: join(dir, 'key') })).toHaveLength(1);
  });
});

describe('a definition', () => {
  it('names and describes every setting', () => {
    expect(() => defineSettings(z.object({ PORT: z.string().describe('x') }))).toThrow('SALLYPORT_');
    expect(() => defineSettings(z.object({ SALLYPORT_X: z.string() }))).toThrow('describe');
  });
});
