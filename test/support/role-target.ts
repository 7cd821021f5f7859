import { join } from 'node:path';
import pg from 'pg';
import type { Asked } from '#sdk';
import { installTarget } from '../../apps/cli/src/handlers/install-target.js';
import { withTarget } from '../../apps/cli/src/io/target-session.js';
import { refund, type RunningGate } from './running-gate.js';

const gatePassword = 'only-for-this-world';
const secretName = 'refunds-minter';

/** Sallyport at the world's target PostgreSQL, and a profile that gives a login there for a refund. */
export class RoleTarget {
  private constructor(private readonly gate: RunningGate) {}

  static async install(gate: RunningGate): Promise<RoleTarget> {
    const target = new RoleTarget(gate);
    await target.ask('CREATE ROLE refund_writers NOLOGIN');
    const writers = {
      name: 'refund-writers',
      group: 'refund_writers',
      maxTtlSeconds: 600,
      connections: 2,
      tables: undefined,
    };
    const wish = { login: 'gate', password: gatePassword, profiles: [writers], harden: true };
    await withTarget(gate.world.target.url(), (session) => installTarget(session, wish));
    const { files, options } = gate.world;
    files.folder('targets');
    files.write(join('targets', secretName), gate.world.target.url('postgres', 'gate', gatePassword));
    const address = { host: '127.0.0.1', port: options.ports.target_postgres, database: 'postgres' };
    await gate.put('targets', 'ledger-database', { kind: 'postgres', connection_secret: secretName, ...address });
    await gate.put('profiles', 'refund-roles', {
      issuer: 'postgres-role', target: 'ledger-database', target_profile: 'refund-writers',
      actions: ['payment.refund'], resources: ['payments/shop'],
      max_ttl_seconds: 600, uses: 1, requires_person: false, min_quorum: 0,
    }); // prettier-ignore
    return target;
  }

  /** As the superuser of the target. A connection each time: some specs stop the server in between. */
  async ask<R extends pg.QueryResultRow>(sql: string, params?: unknown[]): Promise<R[]> {
    const client = new pg.Client({ connectionString: this.gate.world.target.url(), connectionTimeoutMillis: 5_000 });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query<R>(sql, params)).rows;
    } finally {
      await client.end();
    }
  }

  /** The leases whose login exists, and whether its time is over by the target's own clock. */
  async roles(): Promise<{ leaseId: string; isOver: boolean }[]> {
    const rows = await this.ask<{ name: string; over: boolean }>(
      `SELECT rolname AS name, rolvaliduntil < clock_timestamp() AS over FROM pg_roles WHERE rolname ~ '^sallyport_[0-9a-f]{32}$'`,
    );
    return rows.map(({ name, over }) => ({ leaseId: leaseOf(name), isOver: over }));
  }
}

/** The name of a role holds its lease. */
function leaseOf(role: string): string {
  const hex = role.slice('sallyport_'.length);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** A refund for which the agent wants a login at the ledger's database. */
export function roleRefund(ttlSeconds: number, amountMinor = 100): Asked {
  return {
    ...refund(amountMinor),
    requested_access: { profile: 'refund-roles', ttl_seconds: ttlSeconds, uses: 1 },
  };
}
