import { setTimeout as pause } from 'node:timers/promises';
import type { Credential, Target } from '#contracts';
import { Fault } from '#platform';
import type { Handle, Lease } from '../../core/lease.js';
import type { Capabilities, ListingIssuer, MintOrder } from './issuer.js';
import { newPassword, scramVerifier } from './scram-verifier.js';
import type { TargetPools } from './target-pools.js';

/** A session that is just logging in is not in pg_stat_activity yet; two looks in a row without any mean that there are none. */
const quietPasses = 2;
const passMs = 25;
/** More passes than any storm needs once logins are closed. Then the next attempt goes on. */
const mostPasses = 200;

export const postgresRoleCapabilities: Capabilities = {
  binds: 'scope',
  agentHolds: 'secret',
  stopsNewUse: true,
  openSessions: 'cut',
  endsWithoutGate: true,
  listed: true,
  remains: 'what the agent does inside the scope; without the gate, a session that was open stays open',
};

/**
 * Login roles at a PostgreSQL target, by the functions of deploy/postgres-target/install.sql: this service's login there
 * has no CREATEROLE and cannot touch a session or role that is not one of its leases. The role's name follows from the
 * lease, its end is set by the target's clock, and its password is known to the agent alone.
 */
export class PostgresRoleIssuer implements ListingIssuer {
  readonly kind = 'postgres-role';
  readonly capabilities = postgresRoleCapabilities;
  /** PostgreSQL shows a session a moment after it was let in. */
  readonly settleMs = 1_000;

  constructor(private readonly targets: TargetPools) {}

  handleFor(target: Target): Handle {
    if (target.kind !== 'postgres') throw new TypeError('a role is for a database');
    return { issuer: 'postgres-role', connectionSecret: target.connection_secret };
  }

  async probe(handle: Handle): Promise<void> {
    await this.targets.query(secretOf(handle), 'SELECT 1');
  }

  async mint({ lease, profile, target }: MintOrder): Promise<Credential> {
    if (target.kind !== 'postgres') throw new TypeError('a role is for a database');
    const password = newPassword();
    const [role] = await this.targets.query<{ role_name: string }>(
      secretOf(lease.handle),
      'SELECT role_name FROM sallyport.mint($1, $2, $3, $4)',
      [lease.leaseId, profile.target_profile, await scramVerifier(password), lease.ttlSeconds],
    );
    if (role === undefined)
      throw new Fault('target_unavailable', { retryable: true, message: 'the target made no role' });
    const { host, port, database } = target;
    return { kind: 'postgres', host, port, database, user: role.role_name, password };
  }

  async remove({ handle, leaseId }: Lease): Promise<void> {
    await this.removeStranger(handle, leaseId);
  }

  async removeStranger(handle: Handle | null, leaseId: string): Promise<void> {
    await this.close(handle, [leaseId]);
    await this.targets.query(secretOf(handle), 'SELECT sallyport.drop($1)', [leaseId]);
  }

  /** A transaction of its own before sessions are cut: a storm of logins survives otherwise. */
  async close(handle: Handle | null, leaseIds: readonly string[]): Promise<void> {
    const secret = secretOf(handle);
    // In one order everywhere: two that close the same leases wait for each other instead of deadlocking.
    const ids = [...leaseIds].sort();
    await this.targets.query(secret, 'SELECT sallyport.disable(id) FROM unnest($1::uuid[]) AS id', [ids]);
    await this.#cut(secret, ids);
  }

  async #cut(secret: string, leaseIds: readonly string[]): Promise<void> {
    let quiet = 0;
    for (let pass = 0; quiet < quietPasses; pass += 1) {
      if (pass >= mostPasses)
        throw new Fault('target_unavailable', { retryable: true, message: 'sessions do not end' });
      if (pass > 0) await pause(passMs);
      const [row] = await this.targets.query<{ cut: number }>(
        secret,
        'SELECT sum(sallyport.terminate(id))::int AS cut FROM unnest($1::uuid[]) AS id',
        [leaseIds],
      );
      quiet = row?.cut === 0 ? quiet + 1 : 0;
    }
  }

  async gone(leases: readonly Lease[]): Promise<Set<string>> {
    const bySecret = Map.groupBy(leases, ({ handle }) => secretOf(handle));
    const parts = [...bySecret].map(([secret, some]) =>
      this.targets.query<{ lease_id: string }>(
        secret,
        'SELECT lease_id FROM sallyport.remains($1::uuid[]) WHERE NOT has_role AND sessions = 0',
        [some.map(({ leaseId }) => leaseId)],
      ),
    );
    return new Set((await Promise.all(parts)).flat().map(({ lease_id }) => lease_id));
  }

  async listOurs(handle: Handle): Promise<string[]> {
    const rows = await this.targets.query<{ lease_id: string }>(
      secretOf(handle),
      'SELECT lease_id FROM sallyport.list_ours()',
    );
    return rows.map(({ lease_id }) => lease_id);
  }
}

function secretOf(handle: Handle | null): string {
  if (handle === null || handle.issuer === 'token') throw new TypeError('not the handle of a role');
  return handle.connectionSecret;
}
