import { mkdtempSync, readFileSync, rmSync, statSync, chmodSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { makeAgentKey, makeGate } from './gate.fixture.js';
import { signCompact } from './jws.js';
import { generateKeys, KeyFileError, readKeysFile, readTrustFile, type KeysFile } from './key-files.js';
import { Keyring } from './keyring.js';
import { exposureOf } from './private-file.js';
import { addKey, useKey } from './rotation.js';
import { Trust } from './trust.js';

const schema = z.strictObject({ gate: z.string(), n: z.number() });
const gate = makeGate();
const statement = { gate: gate.trust.gate, n: 1 };
const asVerdict = { purpose: 'verdict', service: 'policy', schema } as const;

describe('a statement of the gate', () => {
  const jws = gate.keyring('policy').sign('verdict', statement);

  it('verifies for the purpose and the service of its key', () => {
    expect(gate.trust.verify(jws, asVerdict)).toEqual({ ok: true, payload: statement });
  });

  it('does not verify for another purpose, service or type', () => {
    expect(gate.trust.verify(jws, { ...asVerdict, purpose: 'acceptance' }).ok).toBe(false);
    expect(gate.trust.verify(jws, { ...asVerdict, service: 'intake' }).ok).toBe(false);
    const vote = gate.keyring('approvals').sign('vote', statement, 'sallyport-counting+jws');
    const as = { purpose: 'vote', service: 'approvals', schema } as const;
    expect(gate.trust.verify(vote, as).ok).toBe(true);
    expect(gate.trust.verify(vote, { ...as, typ: 'sallyport-granting+jws' }).ok).toBe(false);
  });

  it('does not verify with the right key of another purpose of the same service', () => {
    const key = gate.keyring('policy').keyFor('outcome');
    const forged = signCompact(
      { kid: key.kid, alg: key.alg, key: key.privateKey, jwk: makeAgentKey().jwk },
      { kid: key.kid, typ: 'sallyport-verdict+jws' },
      JSON.stringify(statement),
    );
    expect(gate.trust.verify(forged, asVerdict).ok).toBe(false);
  });

  it('does not verify by a key that is not pinned, whatever kid it names', () => {
    const stranger = makeAgentKey('P-256');
    const header = { typ: 'sallyport-verdict+jws' };
    const own = signCompact(stranger, { ...header, kid: stranger.kid }, JSON.stringify(statement));
    const { kid } = gate.keyring('policy').keyFor('verdict');
    const borrowed = signCompact(stranger, { ...header, kid }, JSON.stringify(statement));
    expect(gate.trust.verify(own, asVerdict).ok).toBe(false);
    expect(gate.trust.verify(borrowed, asVerdict).ok).toBe(false);
  });

  it('does not verify when anything stands beside alg, kid and typ', () => {
    const { kid, alg, privateKey } = gate.keyring('policy').keyFor('verdict');
    const key = { kid, alg, key: privateKey, jwk: makeAgentKey().jwk };
    const sign = (more: object) =>
      signCompact(key, { kid, typ: 'sallyport-verdict+jws', ...more }, JSON.stringify(statement));
    expect(gate.trust.verify(sign({}), asVerdict).ok).toBe(true);
    for (const more of [
      { jku: 'x' },
      { crit: [] },
      { alg: 'none' },
      { alg: 'HS256' },
      { b64: false },
      { typ: 'JWT' },
    ]) {
      expect(gate.trust.verify(sign(more), asVerdict).ok).toBe(false);
    }
  });

  it('does not verify for another gate', () => {
    const elsewhere = gate.keyring('policy').sign('verdict', { ...statement, gate: 'other.example' });
    expect(gate.trust.verify(elsewhere, asVerdict).ok).toBe(false);
  });

  it('does not verify with another payload, or one of another shape', () => {
    const [header, , signature] = jws.split('.');
    const other = Buffer.from(JSON.stringify({ ...statement, n: 2 })).toString('base64url');
    expect(gate.trust.verify([header, other, signature].join('.'), asVerdict).ok).toBe(false);
    expect(gate.trust.verify(gate.keyring('policy').sign('verdict', { ...statement, more: 1 }), asVerdict).ok).toBe(
      false,
    );
    for (const payload of ['null', '1', '[]', '{', '']) {
      const { kid, alg, privateKey } = gate.keyring('policy').keyFor('verdict');
      const key = { kid, alg, key: privateKey, jwk: makeAgentKey().jwk };
      const odd = signCompact(key, { kid, typ: 'sallyport-verdict+jws' }, payload);
      expect(gate.trust.verify(odd, asVerdict).ok).toBe(false);
    }
  });

  it('cannot be made by a service without such a key', () => {
    expect(() => gate.keyring('intake').sign('verdict', statement)).toThrow('intake has no key of purpose verdict');
  });
});

describe('a detached statement', () => {
  const bytes = Buffer.from('exactly these');
  const signature = gate.keyring('policy').signDetached('outcome', bytes, { aud: 'x' });
  const as = { purpose: 'outcome', service: 'policy', header: ['aud'] } as const;

  it('verifies over exactly its bytes and with exactly its header', () => {
    expect(gate.trust.verifyDetached(bytes, signature, as)).toMatchObject({ ok: true, header: { aud: 'x' } });
    expect(gate.trust.verifyDetached(Buffer.from('exactly those'), signature, as).ok).toBe(false);
    expect(gate.trust.verifyDetached(bytes, signature, { ...as, header: [] }).ok).toBe(false);
    expect(gate.trust.verifyDetached(bytes, signature, { ...as, header: ['aud', 'iat'] }).ok).toBe(false);
    expect(gate.trust.verifyDetached(bytes, signature, { ...as, service: 'intake' }).ok).toBe(false);
  });
});

describe('key files', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'sallyport-keys-'));
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  it('work together: what a service signs with its file verifies with the trust file', () => {
    const files = generateKeys('gate.test.example', join(dir, 'keys'));
    const keyring = Keyring.read(files.keysFiles['policy'] ?? '');
    const trust = Trust.read(files.trustFile);
    expect(trust.verify(keyring.sign('verdict', statement), asVerdict).ok).toBe(true);
    expect(
      trust
        .jwks('audit')
        .keys.map(({ alg }) => alg)
        .sort(),
    ).toEqual(['ES256', 'EdDSA']);
    expect(JSON.stringify(trust.jwks())).not.toContain('"d"');
    expect(readFileSync(files.trustFile, 'utf8')).not.toContain('"d"');
  });

  it('hold different keys for each service and purpose', () => {
    const { keys } = JSON.parse(readFileSync(generateKeys('g', dir).trustFile, 'utf8')) as { keys: { kid: string }[] };
    expect(new Set(keys.map(({ kid }) => kid)).size).toBe(keys.length);
  });

  it('are private, and refused when they are not', () => {
    const { keysFiles } = generateKeys('g', dir);
    const path = keysFiles['policy'] ?? '';
    expect(statSync(path).mode & 0o777).toBe(0o600);
    chmodSync(path, 0o640);
    expect(() => Keyring.read(path)).toThrow(KeyFileError);
  });

  it('are refused when somebody else could read or change them', () => {
    expect(exposureOf({ mode: 0o100600, uid: 7 }, 7)).toBeUndefined();
    expect(exposureOf({ mode: 0o100400, uid: 0 }, 7)).toBeUndefined();
    expect(exposureOf({ mode: 0o100600, uid: 8 }, 7)).toContain('another user');
    for (const mode of [0o640, 0o604, 0o610, 0o602]) expect(exposureOf({ mode, uid: 7 }, 7)).toContain('mode 0600');
  });

  it.each([
    ['a key', (file: KeysFile) => ({ ...file, keys: file.keys.slice(1) }), 'has no key of purpose person-key: make'],
    ['the seal', (file: KeysFile) => ({ ...file, seal_key: undefined }), 'has no seal_key: make'],
  ])('of another version, without %s that this one needs, are refused at the start', (_, without, words) => {
    const path = generateKeys('g', dir).keysFiles['credentials'] ?? '';
    writeFileSync(path, JSON.stringify(without(JSON.parse(readFileSync(path, 'utf8')) as KeysFile)));
    expect(() => Keyring.read(path)).toThrow(words);
  });

  it('are never overwritten', () => {
    generateKeys('g', dir);
    expect(() => generateKeys('g', dir)).toThrow('EEXIST');
  });

  it.each([
    ['missing', undefined],
    ['no JSON', '{"secret-canary'],
    ['of another shape', '{"version":"sallyport.trust/1","gate":"g","keys":[]}'],
  ])('say which file is %s, and quote nothing of it', (_, content) => {
    const path = join(dir, 'trust.json');
    if (content !== undefined) writeFileSync(path, content);
    expect(() => Trust.read(path)).toThrow(path);
    expect(() => Trust.read(path)).not.toThrow('secret-canary');
  });

  it('are refused when a kid is not the thumbprint of its key', () => {
    const { trustFile } = generateKeys('g', dir);
    const content = JSON.parse(readFileSync(trustFile, 'utf8')) as { keys: { kid: string }[] };
    const [first, second] = content.keys;
    if (first !== undefined && second !== undefined) first.kid = second.kid;
    writeFileSync(trustFile, JSON.stringify(content));
    expect(() => Trust.read(trustFile)).toThrow('not the thumbprint');
  });

  it('are read again when they change, and a broken change changes nothing', () => {
    let now = 0;
    const later = (ms: number) => (now = ms);
    const before = generateKeys('gate.test.example', join(dir, 'before'));
    const after = generateKeys('gate.test.example', join(dir, 'after'));
    const trust = Trust.read(before.trustFile, () => now);
    const old = Keyring.read(before.keysFiles['policy'] ?? '').sign('verdict', statement);
    const fresh = Keyring.read(after.keysFiles['policy'] ?? '').sign('verdict', statement);
    const replace = (content: string, mtime: number) => {
      writeFileSync(before.trustFile, content);
      utimesSync(before.trustFile, mtime, mtime);
    };
    expect([old, fresh].map((jws) => trust.verify(jws, asVerdict).ok)).toEqual([true, false]);
    replace('{ half written', 1_000);
    later(2_000);
    expect([old, fresh].map((jws) => trust.verify(jws, asVerdict).ok)).toEqual([true, false]);
    replace(readFileSync(after.trustFile, 'utf8'), 2_000);
    later(4_000);
    expect([old, fresh].map((jws) => trust.verify(jws, asVerdict).ok)).toEqual([false, true]);
    replace(readFileSync(generateKeys('other.example', join(dir, 'other')).trustFile, 'utf8'), 3_000);
    later(6_000);
    expect(trust.verify(fresh, asVerdict).ok).toBe(true);
  });

  it('of a service are read again too, but only once what they would sign with is believed', () => {
    let now = 0;
    const { trustFile, keysFiles } = generateKeys('gate.test.example', dir);
    const path = keysFiles['policy'] ?? '';
    const trust = Trust.read(trustFile, () => now);
    const keyring = Keyring.read(path, trust, () => now);
    const old = keyring.keyFor('verdict').kid;
    const files = { keys: readKeysFile(path), trust: readTrustFile(trustFile) };
    const added = addKey(files, 'verdict');
    const used = added.ok ? useKey(added.files, added.kid) : added;
    if (!used.ok) throw new Error(used.why);
    writeFileSync(path, JSON.stringify(used.files.keys));
    now = 2_000;
    expect(keyring.keyFor('verdict').kid).toBe(old);
    expect(keyring.look()?.refused).toContain(
      `would sign with what the trust file does not hold in force: verdict (${used.kid})`,
    );
    writeFileSync(trustFile, JSON.stringify(used.files.trust));
    now = 4_000;
    expect(keyring.keyFor('verdict').kid).toBe(used.kid);
    expect(keyring.look()).toEqual({ path, edition: 2, refused: undefined });
    writeFileSync(path, '{ half');
    now = 6_000;
    expect(keyring.keyFor('verdict').kid).toBe(used.kid);
    expect(keyring.look()?.refused).toBe(`${path}: cannot be read as JSON`);
    writeFileSync(path, JSON.stringify({ ...files.keys, gate: 'other.example' }));
    now = 8_000;
    expect(keyring.look()?.refused).toContain('is of policy of other.example');
  });

  it('of a service are refused at the start when nobody would believe it', () => {
    const ours = generateKeys('gate.test.example', join(dir, 'ours'));
    const others = generateKeys('gate.test.example', join(dir, 'others'));
    expect(() => Keyring.read(ours.keysFiles['policy'] ?? '', Trust.read(others.trustFile))).toThrow('would sign with');
  });

  it('tell what stands in their place and is refused', () => {
    let now = 0;
    const { trustFile } = generateKeys('gate.test.example', dir);
    const trust = Trust.read(trustFile, () => now);
    expect(trust.look()).toEqual({ path: trustFile, edition: 1, refused: undefined });
    writeFileSync(trustFile, JSON.stringify({ version: 'sallyport.trust/0', gate: 'gate.test.example', keys: [] }));
    now = 2_000;
    expect(trust.look()).toEqual({ path: trustFile, edition: 1, refused: `${trustFile}: wrong at version` });
    rmSync(trustFile);
    now = 4_000;
    expect(trust.look()?.refused).toContain('cannot be read');
  });
});
