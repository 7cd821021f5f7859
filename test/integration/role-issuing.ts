import { afterAll, beforeAll } from '@jest/globals';
import type pg from 'pg';
import type { Profile, Target } from '#contracts';
import { Log, newId } from '#platform';
import type { Lease } from '../../apps/credentials/src/core/lease.js';
import { PostgresRoleIssuer } from '../../apps/credentials/src/io/issuers/postgres-role.issuer.js';
import { TargetPools } from '../../apps/credentials/src/io/issuers/target-pools.js';
import { SecretFiles } from '../../apps/credentials/src/io/secret-files.js';
import { forgetWrongClocks } from '../support/wrong-clock.js';
import { minterSecret, startPostgresTarget, type PostgresTarget } from './postgres-target.js';

const quiet = new Log('credentials', 'error', { write: () => undefined });
export let target: PostgresTarget;
export let pools: TargetPools;
export let issuer: PostgresRoleIssuer;
const open: pg.Client[] = [];

export async function begin(env: Record<string, string> = {}): Promise<void> {
  target = await startPostgresTarget(env);
  pools = new TargetPools(new SecretFiles(target.secretsDir), { connections: 8, seconds: 10 }, quiet);
  issuer = new PostgresRoleIssuer(pools);
}

export async function end(): Promise<void> {
  await Promise.all(open.splice(0).map((client) => client.end().catch(() => undefined)));
  await pools.close();
  await target.remove();
}

/** Hooks of a spec file: a target of its own, and the issuer of roles there. */
export function useRoles(): void {
  beforeAll(() => begin(), 60_000);
  afterAll(async () => {
    await end();
    forgetWrongClocks();
  });
}

export function aLease(ttlSeconds = 300): Lease {
  const handle = { issuer: 'postgres-role', connectionSecret: minterSecret } as const;
  return { leaseId: newId(), ttlSeconds, handle, issuer: 'postgres-role' } as Lease;
}

export async function mint(lease: Lease, profile = 'orders_ddl') {
  const spec = { kind: 'postgres', connection_secret: minterSecret, host: '127.0.0.1', port: target.postgres.port, database: target.database } satisfies Target; // prettier-ignore
  const credential = await issuer.mint({
    lease,
    profile: { target_profile: profile } as Profile,
    target: spec,
    action: { name: 'any', properties: {} },
    principal: undefined,
    now: new Date(),
  });
  if (credential.kind !== 'postgres') throw new TypeError('a role was asked for');
  return credential;
}

/** A session of the agent. */
export async function login({ user, password }: { user: string; password: string }): Promise<pg.Client> {
  const client = await target.connect(user, password);
  open.push(client);
  return client;
}

/** What came of it: the target's own code where it refused. */
export const stateOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return 'accepted';
  } catch (error) {
    const { sqlState, cause } = error as { sqlState?: string; cause?: { code?: string } };
    return sqlState ?? cause?.code ?? String(error);
  }
};
