import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { makeAgentKey } from './gate.fixture.js';
import { generatePrivateJwk } from './key-files.js';
import { signCompact } from './jws.js';
import { NonceSource } from './nonce.js';
import { makeProof, verifyProof, type ProofExpectation } from './proof.js';

const now = 1_800_000_000_000;
const key = makeAgentKey('P-256');
const htu = 'https://gate.test.example/v1/leases/1/redeem';
const body = Buffer.from('{"action_digest":"x"}');
const call: ProofExpectation = {
  htm: 'POST', htu, now, body, nonceValid: (nonce) => nonce === 'fresh', keyKnown: (jkt) => jkt === key.kid,
}; // prettier-ignore
const input = { key, htm: 'POST', htu, nonce: 'fresh', body, now };
const check = (proof: string, more: Partial<ProofExpectation> = {}) => {
  const result = verifyProof(proof, { ...call, ...more });
  return result.ok ? 'accepted' : result.code;
};

const header = { typ: 'dpop+jwt', jwk: key.jwk };
const claims = {
  htm: 'POST', htu, iat: now / 1_000, jti: 'j-1', nonce: 'fresh',
  body_sha256: createHash('sha256').update(body).digest('base64url'),
}; // prettier-ignore
const forge = (h: object, c: object = claims, by = key) => signCompact(by, h, JSON.stringify(c));

describe('verifyProof', () => {
  it.each(['P-256', 'Ed25519'] as const)('accepts a good proof by %s and says whose key it was', (crv) => {
    const signer = makeAgentKey(crv);
    const result = verifyProof(makeProof({ ...input, key: signer }), {
      ...call,
      keyKnown: (jkt) => jkt === signer.kid,
    });
    expect(result).toMatchObject({ ok: true, jkt: signer.kid });
  });

  it('makes a new jti each time', () => {
    const jtis = [1, 2].map(() => verifyProof(makeProof(input), call)).map((r) => r.ok && r.jti);
    expect(new Set(jtis).size).toBe(2);
  });

  it.each<[string, Partial<ProofExpectation>, string]>([
    ['another method', { htm: 'GET' }, 'proof_invalid'],
    ['another path', { htu: `${htu}x` }, 'proof_invalid'],
    ['another host', { htu: htu.replace('gate', 'evil') }, 'proof_invalid'],
    ['another scheme', { htu: htu.replace('https', 'http') }, 'proof_invalid'],
    ['another body', { body: Buffer.from('{"action_digest":"y"}') }, 'proof_invalid'],
    ['no body', { body: undefined }, 'proof_invalid'],
    ['an empty body', { body: Buffer.alloc(0) }, 'proof_invalid'],
    ['an access token that it does not name', { accessToken: 't' }, 'proof_invalid'],
    ['a key that is not registered', { keyKnown: () => false }, 'key_unknown'],
    ['an old nonce', { nonceValid: () => false }, 'use_dpop_nonce'],
    ['a clock 301 s ahead', { now: now - 301_000 }, 'proof_invalid'],
    ['a clock 301 s behind', { now: now + 301_000 }, 'proof_invalid'],
    ['a clock 299 s off, since the nonce is fresh', { now: now + 299_000 }, 'accepted'],
    ['61 s without a nonce', { nonceValid: undefined as never, now: now + 61_000 }, 'proof_invalid'],
  ])('%s', (_, more, code) => {
    expect(check(makeProof(input), more)).toBe(code);
  }); // prettier-ignore

  it('needs the hash of the body whenever there is a body', () => {
    const without = { key, htm: 'POST', htu, nonce: 'fresh', now };
    expect(check(makeProof(without))).toBe('proof_invalid');
    expect(check(makeProof(without), { body: undefined })).toBe('accepted');
  });

  it('asks for a nonce when there is none', () => {
    const without = { key, htm: 'POST', htu, body, now };
    expect(check(makeProof(without))).toBe('use_dpop_nonce');
  });

  it('binds an access token', () => {
    expect(check(makeProof({ ...input, accessToken: 't' }), { accessToken: 't' })).toBe('accepted');
    expect(check(makeProof({ ...input, accessToken: 't' }), { accessToken: 'u' })).toBe('proof_invalid');
    expect(check(makeProof({ ...input, accessToken: 't' }))).toBe('proof_invalid');
  });

  it.each<[string, string]>([
    ['a header with kid', forge({ ...header, kid: key.kid })],
    ['a header with crit', forge({ ...header, crit: ['x'], x: 1 })],
    ['another type', forge({ ...header, typ: 'JWT' })],
    ['no type', forge({ jwk: key.jwk })],
    ['no key', forge({ typ: 'dpop+jwt' })],
    ['a private key', forge({ ...header, jwk: generatePrivateJwk('P-256') })],
    ['a key with extra members', forge({ ...header, jwk: { ...key.jwk, alg: 'ES256' } })],
    ['a symmetric key', forge({ ...header, jwk: { kty: 'oct', k: 'AAAA' } })],
    ['a key off the curve', forge({ ...header, jwk: { ...key.jwk, y: key.jwk.x } })],
    ['alg none', forge({ ...header, alg: 'none' })],
    ['alg of another kind of key', forge({ ...header, alg: 'EdDSA' })],
    ['alg RS256', forge({ ...header, alg: 'RS256' })],
    ['a signature by another key', forge(header, claims, makeAgentKey('P-256'))],
    ['an unknown claim', forge(header, { ...claims, scope: 'all' })],
    ['no jti', forge(header, { ...claims, jti: undefined })],
    ['an empty jti', forge(header, { ...claims, jti: '' })],
    ['a jti of 129 characters', forge(header, { ...claims, jti: 'x'.repeat(129) })],
    ['no iat', forge(header, { ...claims, iat: undefined })],
    ['an iat that is text', forge(header, { ...claims, iat: String(claims.iat) })],
    ['a nonce that is a list', forge(header, { ...claims, nonce: ['fresh'] })],
    ['a URL with a query', forge(header, { ...claims, htu: `${htu}?a=1` })],
    ['a URL with an empty query', forge(header, { ...claims, htu: `${htu}?` })],
    ['a URL with a fragment', forge(header, { ...claims, htu: `${htu}#a` })],
    ['a URL with a user', forge(header, { ...claims, htu: htu.replace('//', '//u@') })],
    ['no URL', forge(header, { ...claims, htu: 'x' })],
    ['nothing', ''],
    ['two proofs', `${makeProof(input)}, ${makeProof(input)}`],
    ['a very long proof', `${'a'.repeat(9_000)}.b.c`],
  ])('refuses %s', (_, proof) => {
    expect(check(forge(header))).toBe('accepted');
    expect(check(proof)).toBe('proof_invalid');
  });

  it('takes the same URL written differently', () => {
    expect(
      check(
        forge(header, {
          ...claims,
          htu: htu.replace('https://gate', 'HTTPS://GATE').replace('example/', 'example:443/'),
        }),
      ),
    ).toBe('accepted');
  });
});

describe('NonceSource', () => {
  const source = new NonceSource(Buffer.alloc(32, 1));
  const nonce = source.issue(now);

  it('knows its nonces for 60 s, also those of another instance', () => {
    const other = new NonceSource(Buffer.alloc(32, 1));
    expect([-6, -5, 0, 60, 61].map((s) => other.isValid(nonce, now + s * 1_000))).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
  });

  it('knows no other', () => {
    expect(new NonceSource(Buffer.alloc(32, 2)).isValid(nonce, now)).toBe(false);
    const later = Buffer.from(nonce, 'base64url');
    later.writeUIntBE(now / 1_000 + 30, 0, 6);
    expect(source.isValid(later.toString('base64url'), now + 61_000)).toBe(false);
    for (const text of ['', 'x', `${nonce}AA`, nonce.slice(2)]) expect(source.isValid(text, now)).toBe(false);
  });

  it('needs a real key', () => {
    expect(() => new NonceSource(Buffer.alloc(31))).toThrow(TypeError);
  });
});
