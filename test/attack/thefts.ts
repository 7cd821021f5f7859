import { generatePrivateJwk, makeProof, signingKey, type PrivateJwk, type ProofInput } from '#trust';
import type { Action } from '../../apps/credentials/src/core/evidence.fixture.js';
import { read, type Answer } from '../integration/answers.js';
import type { CredentialsWorld } from '../integration/credentials-world.js';

interface Theft {
  how: string;
  /** The proof that comes with it, made from what an honest one is made of; undefined: none. */
  proof: (honest: ProofInput, world: CredentialsWorld) => string | undefined;
  /** Another key than the agent's. */
  key?: (world: CredentialsWorld) => PrivateJwk;
  refusal: string;
}

/** How somebody redeems who knows a lease and what went over the wire, and has not the key that took it. */
export const thefts: Theft[] = [
  { how: 'without a proof', proof: () => undefined, refusal: '401 proof_invalid' },
  {
    how: 'with a key of their own',
    key: () => generatePrivateJwk('Ed25519'),
    proof: makeProof,
    refusal: '401 key_unknown',
  },
  { how: 'as another agent', key: (world) => world.otherKey, proof: makeProof, refusal: '404 not_found' },
  {
    how: 'with a proof that was made for another door',
    proof: (honest) => makeProof({ ...honest, htu: honest.htu.replace('/redeem', '/complete') }),
    refusal: '401 proof_invalid',
  },
  {
    how: 'with a proof that was made for another method',
    proof: (honest) => makeProof({ ...honest, htm: 'GET' }),
    refusal: '401 proof_invalid',
  },
  {
    how: 'with a proof that was made for another body',
    proof: (honest) => makeProof({ ...honest, body: '{}' }),
    refusal: '401 proof_invalid',
  },
  {
    how: 'with a proof from more than a minute ago',
    proof: (honest, world) =>
      makeProof({ ...honest, nonce: world.keys.keyring('credentials').nonces.issue(Date.now() - 61_000) }),
    refusal: '401 use_dpop_nonce',
  },
];

/** One call with exactly this proof. */
export async function redeemWith(world: CredentialsWorld, lease: Lease, proof: string | undefined): Promise<Answer> {
  const headers = { ...(proof !== undefined && { dpop: proof }), 'content-type': 'application/json' };
  return read(await fetch(urlOf(world, lease), { method: 'POST', headers, body: bodyOf(lease) }));
}

interface Lease {
  leaseId: string;
  action: Action;
}

/** What the honest proof of a redeem is made of, with the nonce of now. */
export function honest(world: CredentialsWorld, lease: Lease, key = world.keys.agentKeys.sig): ProofInput {
  const nonce = world.keys.keyring('credentials').nonces.issue(Date.now());
  return { key: signingKey(key), htm: 'POST', htu: urlOf(world, lease), nonce, body: bodyOf(lease) };
}

const urlOf = (world: CredentialsWorld, { leaseId }: Lease): string => `${world.url}/v1/leases/${leaseId}/redeem`;
const bodyOf = ({ action }: Lease): string => JSON.stringify({ action_digest: action.digest });
