import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWTPayload } from 'jose';
import { ProblemError } from '#contracts';
import { freshSecret } from '../fresh-secret.js';
import { keyNonce } from '../person-key.js';
import { makeAgentKey } from '../gate.fixture.js';
import { verifyIdToken } from './id-token.js';
import { IssuerKeys } from './issuer-keys.js';

const now = Date.now();
const seconds = Math.floor(now / 1_000);
const { jwk } = makeAgentKey('P-256');
const nonce = keyNonce(jwk, freshSecret());

let server: Server;
let issuer: string;
let issuers: IssuerKeys;
let key: CryptoKey;

beforeAll(async () => {
  const pair = await generateKeyPair('ES256');
  key = pair.privateKey;
  const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'ES256' }] });
  server = createServer((_, answer) => answer.end(jwks));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  issuer = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const clients = ['cli', 'console'];
  issuers = new IssuerKeys([{ issuer, jwksUri: issuer, clients, nativeClients: ['cli'] }]);
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const claims = (more: JWTPayload = {}): JWTPayload => ({
  iss: issuer, sub: 'anna', aud: 'cli', nonce, iat: seconds, exp: seconds + 300, auth_time: seconds - 60, sid: 's1', ...more,
}); // prettier-ignore

const signed = (payload: JWTPayload, header: object = {}, by: CryptoKey | Uint8Array = key): Promise<string> =>
  new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid: 'k1', ...header }).sign(by);

async function outcome(token: string, wanted = nonce): Promise<string> {
  try {
    return (await verifyIdToken(token, wanted, { issuers, now })).sub;
  } catch (error) {
    if (error instanceof ProblemError) return error.problem.code;
    throw error;
  }
}

describe('a sign-in that commits to a key', () => {
  it('names the person, the session, when they were authenticated, and the key that it was checked with', async () => {
    const read = await verifyIdToken(await signed(claims()), nonce, { issuers, now });
    expect(read).toMatchObject({ iss: issuer, sub: 'anna', sid: 's1', authTime: seconds - 60 });
    expect(read.providerKey).toMatchObject({ kty: 'EC', crv: 'P-256' });
    expect(read.providerKey).not.toHaveProperty('d');
  });

  it('commits to one key and one random only', async () => {
    const random = freshSecret();
    const token = await signed(claims({ nonce: keyNonce(jwk, random) }));
    expect(await outcome(token, keyNonce(jwk, random))).toBe('anna');
    expect(await outcome(token, keyNonce(makeAgentKey('P-256').jwk, random))).toBe('token_invalid');
    expect(await outcome(token, keyNonce(jwk, freshSecret()))).toBe('token_invalid');
  });

  it.each<[string, () => Promise<string>]>([
    ['of another provider', () => signed(claims({ iss: 'https://other.example' }))],
    ['for a client that is not native', () => signed(claims({ aud: 'console' }))],
    ['for a client that is not listed', () => signed(claims({ aud: 'stranger' }))],
    ['for two clients', () => signed(claims({ aud: ['cli', 'console'] }))],
    ['that another client asked for', () => signed(claims({ azp: 'console' }))],
    ['that has expired', () => signed(claims({ exp: seconds - 6 }))],
    ['that is minutes old', () => signed(claims({ iat: seconds - 301 }))],
    ['from the future', () => signed(claims({ iat: seconds + 6 }))],
    ['that does not say when the person was authenticated', () => signed(claims({ auth_time: undefined }))],
    ['of a person who is authenticated later', () => signed(claims({ auth_time: seconds + 60 }))],
    ['without a nonce', () => signed(claims({ nonce: undefined }))],
    ['of somebody acting for the person', () => signed(claims({ act: { sub: 'agent' } }))],
    ['that is an access token', () => signed(claims(), { typ: 'at+jwt' })],
    ['that is a logout token', () => signed(claims(), { typ: 'logout+jwt' })],
    ['by another key', async () => signed(claims(), {}, (await generateKeyPair('ES256')).privateKey)],
    ['with a shared secret', () => signed(claims(), { alg: 'HS256' }, new Uint8Array(32))],
    ['that is none', () => Promise.resolve('no token')],
  ])('is refused: one %s', async (_, token) => {
    expect(await outcome(await token())).toBe('token_invalid');
  });
});
