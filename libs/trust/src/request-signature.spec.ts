import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { agentUrn } from '#contracts';
import { makeAgentKey } from './gate.fixture.js';
import { signDetached } from './jws.js';
import {
  isFresh, requestAttributes, signRequest, verifyRequestSignature, type OwnedKey,
} from './request-signature.js'; // prettier-ignore

const aud = 'gate.test.example/sallyport.requests.v1';
const bytes = Buffer.from('{"subject":{"type":"agent","id":"a-1"}}');
const ce = requestAttributes('a-1', '01938a1e-7c00-7000-8000-000000000001');
const ed = makeAgentKey('Ed25519');
const ec = makeAgentKey('P-256');
const signed = { aud, iat: 1_800_000_000, ce };

function owned(key: typeof ed, more: Partial<OwnedKey> = {}): OwnedKey {
  return { ...(key.jwk as OwnedKey), kid: key.kid, use: 'sig', agentId: 'a-1', ...more };
}
const verify = (signature: string | undefined, more: { bytes?: Buffer; aud?: string; key?: OwnedKey } = {}) =>
  verifyRequestSignature(more.bytes ?? bytes, signature, {
    aud: more.aud ?? aud,
    keys: (kid) => [more.key ?? owned(ed), owned(ec)].find((key) => key.kid === kid),
  });
const refusal = (result: ReturnType<typeof verify>) => (result.ok ? 'accepted' : result.code);
const withHeader = (header: object, key = ed) => signDetached(key, header, bytes);
const good = { kid: ed.kid, typ: 'sallyport-request+jws', aud, iat: 1_800_000_000, ce };

describe('verifyRequestSignature', () => {
  it.each([['Ed25519', ed], ['ES256', ec]])('accepts %s and says whose it is', (_, key) => {
    const result = verify(signRequest(key, bytes, signed));
    expect(result).toEqual({
      ok: true,
      agentId: 'a-1',
      header: { alg: key.alg, kid: key.kid, typ: 'sallyport-request+jws', aud, iat: 1_800_000_000, ce },
    });
  }); // prettier-ignore

  it('takes Ed25519 under both of its names', () => {
    expect(verify(withHeader({ ...good, alg: 'Ed25519' })).ok).toBe(true);
  });

  it.each<[string, string | undefined, string]>([
    ['nothing', undefined, 'signature_missing'],
    ['an empty text', '', 'signature_missing'],
    ['a text', 'x', 'signature_invalid'],
    ['a compact JWS', signRequest(ed, bytes, signed).replace('..', '.e30.'), 'signature_invalid'],
    ['a key that is not registered', withHeader({ ...good, kid: 'x'.repeat(43) }), 'key_unknown'],
    ['another agent’s key', signRequest(makeAgentKey(), bytes, signed), 'key_unknown'],
    ['another audience', withHeader({ ...good, aud: 'other.example/sallyport.requests.v1' }), 'signature_invalid'],
    ['another type', withHeader({ ...good, typ: 'sallyport-outcome+jws' }), 'signature_invalid'],
    ['no type', withHeader({ kid: ed.kid, aud, iat: 1, ce }), 'signature_invalid'],
    ['alg none', withHeader({ ...good, alg: 'none' }), 'signature_invalid'],
    ['alg of another key', withHeader({ ...good, alg: 'ES256' }), 'signature_invalid'],
    ['alg HS256', withHeader({ ...good, alg: 'HS256' }), 'signature_invalid'],
    ['an embedded key', withHeader({ ...good, jwk: ed.jwk }), 'signature_invalid'],
    ['a key address', withHeader({ ...good, jku: 'https://evil.example' }), 'signature_invalid'],
    ['critical extensions', withHeader({ ...good, crit: ['b64'], b64: false }), 'signature_invalid'],
    ['a source that is not the signer', withHeader({ ...good, ce: { ...ce, source: agentUrn('a-2') } }), 'signature_invalid'],
    ['more attributes', withHeader({ ...good, ce: { ...ce, time: 'x' } }), 'signature_invalid'],
    ['fewer attributes', withHeader({ ...good, ce: { id: ce.id, source: ce.source } }), 'signature_invalid'],
    ['attributes that are no object', withHeader({ ...good, ce: null }), 'signature_invalid'],
    ['a time that is text', withHeader({ ...good, iat: '1800000000' }), 'signature_invalid'],
    ['a fractional time', withHeader({ ...good, iat: 1.5 }), 'signature_invalid'],
    ['a very long text', `${'a'.repeat(9_000)}..x`, 'signature_invalid'],
  ])('refuses %s', (_, signature, code) => {
    expect(refusal(verify(signature))).toBe(code);
  }); // prettier-ignore

  it('refuses a header that names a member twice', () => {
    const [header = '', , signature = ''] = signRequest(ed, bytes, signed).split('.');
    const twice = Buffer.from(header, 'base64url').toString().replace('{', '{"iat":1,');
    expect(refusal(verify(`${Buffer.from(twice).toString('base64url')}..${signature}`))).toBe('signature_invalid');
  });

  it('refuses a key that is registered for encryption', () => {
    expect(refusal(verify(signRequest(ed, bytes, signed), { key: owned(ed, { use: 'enc' }) }))).toBe('key_unknown');
  });

  it('refuses a registered key whose kid is not its thumbprint', () => {
    const impostor = makeAgentKey();
    const signature = signDetached(impostor, good, bytes);
    expect(refusal(verify(signature, { key: owned(impostor, { kid: ed.kid }) }))).toBe('signature_invalid');
  });

  it('refuses the key of another agent for this source', () => {
    const signature = signRequest(ed, bytes, signed);
    expect(refusal(verify(signature, { key: owned(ed, { agentId: 'a-2' }) }))).toBe('signature_invalid');
  });

  it('compares the attributes beside the value with the signed ones', () => {
    const signature = signRequest(ed, bytes, signed);
    const keys = () => owned(ed);
    expect(verifyRequestSignature(bytes, signature, { aud, keys, attributes: ce }).ok).toBe(true);
    for (const name of ['id', 'source', 'type'] as const) {
      const attributes = { ...ce, [name]: 'other' };
      expect(verifyRequestSignature(bytes, signature, { aud, keys, attributes }).ok).toBe(false);
    }
  });

  it('refuses any other byte of the value', () => {
    const signature = signRequest(ed, bytes, signed);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const other = Buffer.from(bytes);
        other[at] = (other[at] ?? 0) ^ change;
        expect(refusal(verify(signature, { bytes: other }))).toBe('signature_invalid');
      }),
    );
  });

  it('refuses any other character of the signature, padding and unused bits included', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=.+/';
    for (const key of [ed, ec]) {
      const signature = signRequest(key, bytes, signed);
      fc.assert(
        fc.property(fc.nat(signature.length - 1), fc.constantFrom(...alphabet.split(/(?:)/u)), (at, char) => {
          fc.pre(signature[at] !== char);
          expect(verify(signature.slice(0, at) + char + signature.slice(at + 1)).ok).toBe(false);
        }),
        { numRuns: 300 },
      );
      expect(verify(`${signature}=`).ok).toBe(false);
    }
  });
});

describe('isFresh', () => {
  it('allows 300 s to either side', () => {
    const at = 1_800_000_000_000;
    expect([-301, -300, 0, 300, 301].map((s) => isFresh(1_800_000_000 + s, at))).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
  });
});
