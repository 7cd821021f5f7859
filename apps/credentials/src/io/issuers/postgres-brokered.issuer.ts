import type { BrokeredResult, Target } from '#contracts';
import { Fault, type Log } from '#platform';
import type { Executed, Handle, Lease } from '../../core/lease.js';
import { readRunnable, runStatement, StatementRefused, type Limits, type Runnable } from './brokered-statement.js';
import type { BrokeringIssuer, Capabilities, ListingIssuer, MintOrder } from './issuer.js';
import type { PostgresRoleIssuer } from './postgres-role.issuer.js';
import { newPassword, scramVerifier } from './scram-verifier.js';
import type { TargetPools } from './target-pools.js';

export const postgresBrokeredCapabilities: Capabilities = {
  binds: 'action',
  agentHolds: 'nothing',
  stopsNewUse: true,
  openSessions: 'none',
  endsWithoutGate: true,
  listed: true,
  remains: 'what the statement does besides what people read in it: triggers and functions of the target',
};

/**
 * The gate runs the frozen statement itself, as a role that is made for it and that nobody else ever has the password of, and the
 * agent gets the result. At most once: the lease is minted once, its role is made once, and the target's record of the
 * statement is part of the statement's transaction. A process that dies leaves a role that the end of the lease removes; whether the
 * statement was committed is read from that record then, when nothing of it can run any more.
 */
export class PostgresBrokeredIssuer implements BrokeringIssuer, ListingIssuer {
  readonly kind = 'postgres-brokered';
  readonly capabilities = postgresBrokeredCapabilities;
  readonly settleMs: number;

  constructor(
    private readonly roles: PostgresRoleIssuer,
    private readonly targets: TargetPools,
    private readonly log: Log,
  ) {
    this.settleMs = roles.settleMs;
  }

  handleFor(target: Target): Handle {
    if (target.kind !== 'postgres') throw new TypeError('a statement is for a database');
    return { issuer: 'postgres-brokered', connectionSecret: target.connection_secret };
  }

  probe(handle: Handle): Promise<void> {
    return this.roles.probe(handle);
  }

  async mint(order: MintOrder): Promise<BrokeredResult> {
    const { lease, profile, action } = order;
    const wanted = readRunnable(action.properties);
    if (wanted === undefined || profile.max_rows === undefined)
      throw new StatementRefused('the action is not a statement');
    const login = await this.#makeRole(order);
    const result = await this.#run(lease, login, { wanted, limits: { seconds: lease.ttlSeconds, rows: profile.max_rows } });
    await this.#tidy(lease);
    return result;
  } // prettier-ignore

  async #makeRole({ lease, profile }: MintOrder): Promise<{ user: string; password: string }> {
    const password = newPassword();
    const [role] = await this.targets.query<{ role_name: string }>(
      secretOf(lease.handle),
      'SELECT role_name FROM sallyport.mint_brokered($1, $2, $3, $4)',
      [lease.leaseId, profile.target_profile, await scramVerifier(password), lease.ttlSeconds],
    );
    if (role === undefined)
      throw new Fault('target_unavailable', { retryable: true, message: 'the target made no role' });
    return { user: role.role_name, password };
  }

  async #run(lease: Lease, login: { user: string; password: string }, { wanted, limits }: { wanted: Runnable; limits: Limits }): Promise<BrokeredResult> {
    const wish = { ...login, seconds: limits.seconds };
    try {
      return await this.targets.asLogin(secretOf(lease.handle), wish, (session) => runStatement(session, wanted, limits));
    } catch (error) {
      throw withoutWords(error);
    }
  } // prettier-ignore

  /** It has done its work. The end of the lease does this as well; what fails here waits for that. */
  async #tidy(lease: Lease): Promise<void> {
    try {
      await this.roles.remove(lease);
    } catch (error) {
      this.log.warn('lease.role_left', { lease_id: lease.leaseId, target: lease.target, error });
    }
  }

  remove(lease: Lease): Promise<void> {
    return this.roles.remove(lease);
  }

  gone(leases: readonly Lease[]): Promise<Set<string>> {
    return this.roles.gone(leases);
  }

  async executed(leases: readonly Lease[]): Promise<Map<string, Executed>> {
    const bySecret = Map.groupBy(leases, ({ handle }) => secretOf(handle));
    const parts = [...bySecret].map(([secret, some]) =>
      this.targets.query<{ lease_id: string; result_digest: string; row_count: number }>(
        secret,
        'SELECT lease_id, result_digest, row_count FROM sallyport.executions_of($1::uuid[])',
        [some.map(({ leaseId }) => leaseId)],
      ),
    );
    const rows = (await Promise.all(parts)).flat();
    return new Map(rows.map((row) => [row.lease_id, { digest: row.result_digest, rowCount: row.row_count }]));
  }

  listOurs(handle: Handle): Promise<string[]> {
    return this.roles.listOurs(handle);
  }

  close(handle: Handle, leaseIds: readonly string[]): Promise<void> {
    return this.roles.close(handle, leaseIds);
  }

  removeStranger(handle: Handle, leaseId: string): Promise<void> {
    return this.roles.removeStranger(handle, leaseId);
  }
}

function secretOf(handle: Handle | null): string {
  if (handle?.issuer !== 'postgres-brokered') throw new TypeError('not the handle of a statement');
  return handle.connectionSecret;
}

/** The server's own words can hold values of the target's rows, and errors are logged: its code is enough to look. */
function withoutWords(error: unknown): Error {
  if (error instanceof StatementRefused || error instanceof Fault) return error;
  const { code } = error as { code?: unknown };
  return new StatementRefused(`the statement failed with ${typeof code === 'string' ? code : 'no answer'}`);
}
