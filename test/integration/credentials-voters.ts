import { personKeyAnswer, type Counting, type Granting, type Plan } from '#contracts';
import {
  generatePrivateJwk,
  keyNonce,
  freshSecret,
  signingKey,
  signPersonKey,
  type CallSigner,
  type Keyring,
} from '#trust';
import type { Voter } from '../../apps/credentials/src/core/evidence.fixture.js';
import { eventually } from '../support/eventually.js';
import type { Peers } from './credentials-peers.js';

interface Doors {
  peers: Pick<Peers, 'idTokenFor'>;
  asPerson: (sub: string, method: 'POST', path: string, body: unknown) => Promise<{ body: Record<string, unknown> }>;
}

/** A key of this person, registered through the door as at a sign-in. Tried until the service knows its people: it follows the registry by itself. */
export function newVoter(world: Doors, person: string): Promise<Voter> {
  return eventually(async () => {
    const key = signingKey(generatePrivateJwk('P-256'));
    const random = freshSecret();
    const id_token = await world.peers.idTokenFor(person, keyNonce(key.jwk, random));
    const answer = await world.asPerson(person, 'POST', '/v1/person-keys', { id_token, jwk: key.jwk, random });
    return { key, statement: personKeyAnswer.parse(answer.body).statement };
  });
}

/** How people granted it: `confirmed` holds what stands beside the vote of a person about a security key. */
export interface Granted {
  plan?: Plan;
  granting?: Partial<Granting>;
  confirmed?: Record<string, string>;
  /** Where approvals counts them: in `dba`, if nothing else is said. */
  seat?: Counting['seat'];
}

interface KeyList {
  peers: { url: string };
  keys: { keyring: (service: string) => Keyring };
  admin: (sql: string, params: unknown[]) => Promise<unknown>;
}

/** A key that is put into the list past the door, for people too that the service does not know. */
export async function newSigner(world: KeyList, sub: string): Promise<CallSigner> {
  const key = signingKey(generatePrivateJwk('P-256'));
  const until = Math.floor(Date.now() / 1_000) + 3_600;
  const said = { iss: world.peers.url, sub, thumbprint: key.kid, until };
  await world.admin(
    `INSERT INTO credentials.person_keys (thumbprint, iss, sub, authenticated_at, until, sealed)
     VALUES ($1, $2, $3, now(), to_timestamp($4), '')`,
    [key.kid, said.iss, sub, until],
  );
  return { key, statement: signPersonKey(world.keys.keyring('credentials'), said) };
}
