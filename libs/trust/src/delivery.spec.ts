import { describe, expect, it } from '@jest/globals';
import { CompactEncrypt, importJWK, type CompactJWEHeaderParameters } from 'jose';
import { decrypt, encryptTo } from './delivery.js';
import { generatePrivateJwk } from './key-files.js';
import { publicPart, thumbprint } from './jwk.js';

const header = { lease_id: 'l-1', action_digest: 'sha256:x' };

describe('a delivery', () => {
  it.each(['P-256', 'X25519'] as const)(
    'is opened by the %s key that it was sealed to, and by no other',
    async (crv) => {
      const key = generatePrivateJwk(crv);
      const jwe = await encryptTo(publicPart(key), 'a.b.c', header);
      expect(await decrypt(key, jwe)).toEqual({ ok: true, jws: 'a.b.c', header });
      expect(await decrypt(generatePrivateJwk(crv), jwe)).toEqual({ ok: false });
      expect(jwe).not.toContain(Buffer.from('a.b.c').toString('base64url'));
    },
  );

  it('names lease, digest and key in the clear, and is not compressed', async () => {
    const key = generatePrivateJwk('P-256');
    const [first = ''] = (await encryptTo(publicPart(key), 'a.b.c', header)).split('.');
    expect(JSON.parse(Buffer.from(first, 'base64url').toString())).toEqual({
      alg: 'ECDH-ES', enc: 'A256GCM', typ: 'sallyport-lease+jwe', cty: 'JWS', kid: thumbprint(key), ...header,
      epk: expect.anything(),
    }); // prettier-ignore
  });

  it('does not open after any change', async () => {
    const key = generatePrivateJwk('P-256');
    const parts = (await encryptTo(publicPart(key), 'a.b.c', header)).split('.');
    for (const at of [0, 2, 3, 4]) {
      const changed = parts.map((part, i) => (i === at ? (part.startsWith('A') ? 'B' : 'A') + part.slice(1) : part));
      expect(await decrypt(key, changed.join('.'))).toEqual({ ok: false });
    }
    for (const junk of ['', 'x', 'a.b.c', 'a.b.c.d.e']) expect(await decrypt(key, junk)).toEqual({ ok: false });
  });

  it.each<[string, object]>([
    ['another content encryption', { enc: 'A128GCM' }],
    ['a wrapped key', { alg: 'ECDH-ES+A256KW' }],
    ['another type', { typ: 'JWT' }],
    ['another key id', { kid: 'x' }],
    ['no lease', { lease_id: undefined }],
  ])('is refused with %s', async (_, more) => {
    const key = generatePrivateJwk('P-256');
    const protectedHeader = {
      alg: 'ECDH-ES',
      enc: 'A256GCM',
      typ: 'sallyport-lease+jwe',
      kid: thumbprint(key),
      ...header,
      ...more,
    } as CompactJWEHeaderParameters;
    const to = await importJWK(
      { ...publicPart(key), y: key.y } as Parameters<typeof importJWK>[0],
      protectedHeader.alg,
    );
    const jwe = await new CompactEncrypt(Buffer.from('a.b.c')).setProtectedHeader(protectedHeader).encrypt(to);
    expect(await decrypt(key, jwe)).toEqual({ ok: false });
  });

  it('cannot be sealed to a signing key', async () => {
    await expect(encryptTo(publicPart(generatePrivateJwk('Ed25519')), 'a.b.c', header)).rejects.toThrow(
      'not an encryption key',
    );
  });
});
