import type { IssuerKind, LeaseBundle } from '#contracts';
import { makeProof, signingKey } from '#trust';
import { codeOf, type CredentialsWorld } from './credentials-world.js';

type Credential = LeaseBundle['credential'];

/** How the contract suite uses credentials of one kind: as the agent and its tool would. Everything rejects where it is refused. */
export interface Hand {
  kind: IssuerKind;
  profile: string;
  use: (credential: Credential) => Promise<unknown>;
  /** Something that this credential must not be good for. */
  abuse: (credential: Credential) => Promise<unknown>;
  /** A session that stays open; where there is such a thing. */
  open?: (credential: Credential) => Promise<{ use: () => Promise<unknown>; close: () => Promise<void> }>;
  /** What must not be found anywhere. */
  secret: (credential: Credential) => string;
}

export const handsOf = (world: () => CredentialsWorld): Hand[] => [tokenHand(world), roleHand(world)];

function tokenHand(world: () => CredentialsWorld): Hand {
  const consumeAt = async (credential: Credential, htu: string): Promise<void> => {
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
    use: (credential) => consumeAt(credential, `${world().toolUrl}/share`),
    abuse: (credential) => consumeAt(credential, 'https://another.example/share'),
    secret: (credential) => (credential.kind === 'token' ? credential.token : ''),
  };
}

function roleHand(world: () => CredentialsWorld): Hand {
  const login = (credential: Credential) => {
    if (credential.kind !== 'postgres') throw new TypeError('a role was asked for');
    return world().target.connect(credential.user, credential.password);
  };
  const once = async (credential: Credential, sql: string): Promise<void> => {
    const session = await login(credential);
    await session.query(sql).finally(() => session.end());
  };
  return {
    kind: 'postgres-role',
    profile: 'orders-ddl',
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
