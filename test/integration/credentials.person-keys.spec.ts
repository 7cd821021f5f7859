import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { personKeyAnswer } from '#contracts';
import {
  Envelope,
  generatePrivateJwk,
  keyNonce,
  keyRandom,
  Keyring,
  personKeySeconds,
  readKeysFile,
  readPersonKey,
  sealKeysOf,
  signingKey,
  wrapKey,
  type Enveloped,
  type KeysFile,
  type PublicJwk,
} from '#trust';
import { RewrapSignIns } from '../../apps/credentials/src/handlers/rewrap-sign-ins.js';
import { eventually } from '../support/eventually.js';
import { CredentialsWorld, codeOf, type Answer } from './credentials-world.js';

let world: CredentialsWorld;

beforeAll(async () => {
  world = await CredentialsWorld.start();
  // The service follows the registry by itself; until it knows its people, it knows nobody.
  await eventually(async () => {
    expect((await register()).answer.status).toBe(201);
  });
}, 120_000);

afterAll(async () => {
  await world.remove();
}, 60_000);

function envelopedOf(row: Record<string, unknown> | undefined): Enveloped {
  const { sealed, kek_id: kek, data_key: wrapped } = row ?? {};
  return { sealed: sealed as Buffer, key: { kek: kek as string, wrapped: wrapped as Buffer } };
}

/** The service takes it up by itself. */
function changeKeys(how: (file: KeysFile) => KeysFile): void {
  writeFileSync(world.keysFile, JSON.stringify(how(readKeysFile(world.keysFile))));
}

interface Attempt {
  person?: string;
  /** Whose sign-in it is. */
  sub?: string;
  claims?: Record<string, unknown>;
  jwk?: PublicJwk;
  random?: string;
  nonce?: string;
}

async function register(attempt: Attempt = {}): Promise<{ answer: Answer; jwk: PublicJwk; idToken: string }> {
  const { person = 'ada', sub = person, claims, jwk = signingKey(generatePrivateJwk('P-256')).jwk } = attempt;
  const random = attempt.random ?? keyRandom();
  const idToken = await world.peers.idTokenFor(sub, attempt.nonce ?? keyNonce(jwk, random), claims);
  const answer = await world.asPerson(person, 'POST', '/v1/person-keys', { id_token: idToken, jwk, random });
  return { answer, jwk, idToken };
}

describe('a key that a sign-in commits to', () => {
  it('is vouched for, with whose it is and until when', async () => {
    const authTime = Math.floor(Date.now() / 1_000) - 1_000;
    const { answer } = await register({ claims: { auth_time: authTime } });
    expect(answer.status).toBe(201);
    const { statement, thumbprint, until } = personKeyAnswer.parse(answer.body);
    const said = { thumbprint, iss: world.peers.url, sub: 'ada', sid: 's-ada', until: authTime + personKeySeconds };
    expect(readPersonKey(world.keys.trust, statement)).toMatchObject(said);
    expect(until).toBe(said.until);
  });

  it('is kept with its sign-in, which nobody reads in the database', async () => {
    const { answer, idToken } = await register();
    const { thumbprint } = personKeyAnswer.parse(answer.body);
    const [row] = await world.admin('SELECT * FROM credentials.person_keys WHERE thumbprint = $1', [thumbprint]);
    const sealed = row?.['sealed'] as Buffer;
    const stored = `${JSON.stringify(row)} ${sealed.toString('latin1')}`;
    for (const part of idToken.split('.')) expect(stored).not.toContain(part);
    const opened = await world.part(Envelope).open(envelopedOf(row), thumbprint);
    expect(JSON.parse(opened ?? '{}')).toMatchObject({ id_token: idToken, provider_key: { kty: 'EC', crv: 'P-256' } });
    expect(await world.part(Envelope).open(envelopedOf(row), 'another key')).toBeUndefined();
  });

  it('is wrapped anew under a new KEK, its text untouched, in batches; what nobody can open holds up nothing', async () => {
    const registered = personKeyAnswer.parse((await register()).answer.body).thumbprint;
    const rows = () => world.admin('SELECT * FROM credentials.person_keys ORDER BY thumbprint');
    const keyring = world.part(Keyring);
    const strange = wrapKey(randomBytes(32), randomBytes(32));
    await world.admin(
      `INSERT INTO credentials.person_keys (thumbprint, iss, sub, authenticated_at, until, sealed, kek_id, data_key)
       SELECT substr(thumbprint, 1, 39) || to_char(n, 'FM0000'), iss, sub, authenticated_at, until, sealed, kek_id, data_key
       FROM credentials.person_keys, generate_series(1, 250) n WHERE thumbprint = $1`, [registered]); // prettier-ignore
    await world.admin(
      `INSERT INTO credentials.person_keys (thumbprint, iss, sub, authenticated_at, until, sealed, kek_id, data_key) VALUES
       ($1, 'i', 'old', now(), now() + interval '1 h', $2, NULL, NULL), ($3, 'i', 'strange', now(), now() + interval '1 h', 'x', $4, $5)`,
      ['-'.repeat(43), keyring.seal('sealed before', '-'.repeat(43)), '_'.repeat(43), strange.kek, strange.wrapped]); // prettier-ignore
    const before = await rows();
    changeKeys((file) => ({ ...file, seal_keys: [randomBytes(32).toString('base64url'), ...sealKeysOf(file)] }));
    const first = keyring.sealingId();
    await eventually(() => {
      expect(keyring.sealingId()).not.toBe(first);
    });
    const round = await world.part(RewrapSignIns).all();
    expect([round.current, ...round.elsewhere]).toEqual([keyring.sealingId(), [strange.kek, 1]]);
    const after = await rows();
    const texts = (of: typeof after) =>
      of.filter(({ sub }) => sub !== 'old').map(({ sealed }) => (sealed as Buffer).toString('hex'));
    expect(texts(after)).toEqual(texts(before));
    changeKeys(({ seal_keys = [], ...file }) => ({ ...file, seal_keys: seal_keys.slice(0, 1) }));
    await eventually(() => {
      expect(keyring.unwrap(envelopedOf(before.find(({ kek_id }) => kek_id === first)).key)).toBeUndefined();
    });
    const opened = (of: string) =>
      world.part(Envelope).open(envelopedOf(after.find(({ thumbprint }) => thumbprint === of)), of);
    expect(await opened(registered)).toContain('id_token');
    expect(await opened('-'.repeat(43))).toBe('sealed before');
    await expect(opened('_'.repeat(43))).rejects.toMatchObject({ code: 'kek_unknown' });
  });

  it('is registered once', async () => {
    const { jwk } = await register();
    expect(codeOf((await register({ jwk })).answer)).toBe('401 token_invalid');
  });

  it.each<[string, Attempt]>([
    ['of a sign-in of somebody else', { sub: 'bob' }],
    ['that the sign-in did not commit to', { nonce: keyNonce(signingKey(generatePrivateJwk('P-256')).jwk, keyRandom()) }],
    ['of a sign-in for another client', { claims: { aud: 'console' } }],
    ['of a sign-in of long ago', { claims: { iat: Math.floor(Date.now() / 1_000) - 301 } }],
    ['of somebody who was authenticated more than eight hours ago', { claims: { auth_time: Math.floor(Date.now() / 1_000) - personKeySeconds } }],
  ])('is refused: one %s', async (_, attempt) => {
    expect(codeOf((await register(attempt)).answer)).toBe('401 token_invalid');
  }); // prettier-ignore

  it('is refused when it is no public key, or more than one', async () => {
    const secret = generatePrivateJwk('P-256');
    expect(codeOf((await register({ jwk: secret })).answer)).toBe('400 schema_mismatch');
    const { x, y } = secret;
    const offCurve = { kty: 'EC', crv: 'P-256', x: y ?? '', y: x };
    expect(codeOf((await register({ jwk: offCurve })).answer)).toBe('400 schema_mismatch');
  });

  it('is ended by its person, once and for all, and by nobody else', async () => {
    const { answer } = await register();
    const { thumbprint } = personKeyAnswer.parse(answer.body);
    const end = (person: string) => world.asPerson(person, 'POST', `/v1/person-keys/${thumbprint}/end`);
    expect(codeOf(await end('bob'))).toBe('404 not_found');
    expect(codeOf(await end('ada'))).toBe('200 ended');
    const endedAt = async () =>
      (await world.admin('SELECT ended_at FROM credentials.person_keys WHERE thumbprint = $1', [thumbprint]))[0]?.[
        'ended_at'
      ];
    const first = await endedAt();
    expect(first).toBeInstanceOf(Date);
    expect(codeOf(await end('ada'))).toBe('200 ended');
    expect(await endedAt()).toEqual(first);
    expect(codeOf(await world.asPerson('ada', 'POST', '/v1/person-keys/none/end'))).toBe('404 not_found');
  });
});
