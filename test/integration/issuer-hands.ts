import type { IssuerKind } from '#contracts';
import { makeProof, signingKey } from '#trust';
import type { Minted } from '../../apps/credentials/src/io/issuers/issuer.js';
import { codeOf, type CredentialsWorld } from './credentials-world.js';

/** How the contract suite uses credentials of one kind: as the agent and its tool would. Everything rejects where it is refused. */
export interface Hand {
  kind: IssuerKind;
  profile: string;
  use: (credential: Minted) => Promise<unknown>;
  /** Something that this credential must not be good for. */
  abuse: (credential: Minted) => Promise<unknown>;
  /** A session that stays open; where there is such a thing. */
  open?: (credential: Minted) => Promise<{ use: () => Promise<unknown>; close: () => Promise<void> }>;
  /** What the agent hears where the process dies after the mint. */
  lost: string;
  /** What must not be found anywhere. */
  secret: (credential: Minted) => string;
}

export const handsOf = (world: () => CredentialsWorld): Hand[] => [
  tokenHand(world),
  roleHand(world),
  brokeredHand(world),
];

function tokenHand(world: () => CredentialsWorld): Hand {
  const consumeAt = async (credential: Minted, htu: string): Promise<void> => {
    if (credential.kind !== 'token') throw new TypeError('a token was asked for');
    const { token } = credential;
    const key = signingKey(world().keys.agentKeys.sig);
    const agent_proof = makeProof({ key, htm: 'POST', htu, accessToken: token });
    const body = { token, agent_proof, htm: 'POST', htu };
    const answer = await world().prove('POST', '/v1/tokens/consume', body, world().toolKey);
    if (answer.status !== 200) throw new Error(codeOf(answer));
  };
  return {
    kind: 'token',
    profile: 'share',
    lost: 'refused/mint_failed',
    use: (credential) => consumeAt(credential, `${world().toolUrl}/share`),
    abuse: (credential) => consumeAt(credential, 'https://another.example/share'),
    secret: (credential) => (credential.kind === 'token' ? credential.token : ''),
  };
}

function roleHand(world: () => CredentialsWorld): Hand {
  const login = (credential: Minted) => {
    if (credential.kind !== 'postgres') throw new TypeError('a role was asked for');
    return world().target.connect(credential.user, credential.password);
  };
  const once = async (credential: Minted, sql: string): Promise<void> => {
    const session = await login(credential);
    await session.query(sql).finally(() => session.end());
  };
  return {
    kind: 'postgres-role',
    profile: 'orders-ddl',
    lost: 'refused/mint_failed',
    use: (credential) => once(credential, 'SELECT count(*) FROM orders'),
    abuse: (credential) => once(credential, 'CREATE ROLE accomplice'),
    open: async (credential) => {
      const session = await login(credential);
      return {
        use: () => session.query('SELECT 1'),
        close: () => session.end().catch(() => undefined),
      };
    },
    secret: (credential) => (credential.kind === 'postgres' ? credential.password : ''),
  };
}

/** The agent has nothing in hand; what there was of a credential must be gone from the target by then. */
function brokeredHand(world: () => CredentialsWorld): Hand {
  const nothing = async (made: Minted): Promise<void> => {
    if (made.kind !== 'result') throw new TypeError('a result was asked for');
    if ((await world().target.roles()).length === 0) throw new Error('there is nothing to use');
  };
  return {
    kind: 'postgres-brokered',
    profile: 'orders-run',
    lost: 'ended/result_lost',
    use: nothing,
    abuse: nothing,
    secret: (made) => (made.kind === 'result' ? String(made.rows[0]?.[0]) : ''),
  };
}
