import { describe, expect, it } from '@jest/globals';
import { generatePrivateJwk } from './key-files.js';
import { algOf, publicKey, publicPart, signingKey, thumbprint } from './jwk.js';

describe('a key', () => {
  it('has the thumbprint of RFC 8037 appendix A.3', () => {
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };
    expect(thumbprint(jwk)).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
    expect(publicKey(jwk)).toMatchObject({ kid: thumbprint(jwk), alg: 'EdDSA' });
  });

  it('is known by its own thumbprint, whatever kid is written beside it', () => {
    const [mine, other] = [generatePrivateJwk('P-256'), generatePrivateJwk('P-256')];
    publicKey(other);
    const borrowed = publicKey({ ...publicPart(mine), ...{ kid: thumbprint(other) } });
    expect(borrowed?.kid).toBe(thumbprint(mine));
    expect(borrowed?.key.export({ format: 'jwk' })['x']).toBe(mine.x);
  });

  it.each([
    ['an encryption key', generatePrivateJwk('X25519')],
    ['another curve', { kty: 'EC', crv: 'P-384', x: 'AA', y: 'AA' }],
    ['a point off the curve', { ...generatePrivateJwk('P-256'), y: generatePrivateJwk('P-256').y }],
    ['no point', { kty: 'EC', crv: 'P-256', x: '', y: '' }],
    ['a short Ed25519 key', { kty: 'OKP', crv: 'Ed25519', x: 'AAAA' }],
    ['another kind under a known curve', { kty: 'oct', crv: 'Ed25519', x: 'AAAA' }],
  ])('that signs is not %s', (_, jwk) => {
    expect(publicKey(jwk)).toBeUndefined();
  });

  it('never shows its private half', () => {
    const jwk = generatePrivateJwk('Ed25519');
    expect(JSON.stringify(signingKey(jwk).jwk)).not.toContain(jwk.d);
    expect(algOf(jwk)).toBe('EdDSA');
    expect(() => signingKey(generatePrivateJwk('X25519'))).toThrow('no signing key');
  });
});
