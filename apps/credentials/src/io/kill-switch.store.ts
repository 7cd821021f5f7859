import { Injectable } from '@nestjs/common';
import type { KillScope } from '#contracts';
import { Database, sqlStateOf, type Tx } from '#database';
import type { Asked, Pull, Remaining } from '../core/kill-switch.js';
import type { Lease } from '../core/lease.js';
import { columns, leaseOf, type LeaseRow } from './lease-row.js';

const pullColumns =
  'pull_id, epoch, version, scope, scope_id, "by", reason, pulled_at, live, asked_by, asked_reason, asked_at, released_at';

interface PullRow {
  pull_id: string;
  epoch: number;
  version: number;
  scope: KillScope;
  scope_id: string | null;
  by: string;
  reason: string;
  pulled_at: Date;
  live: number;
  asked_by: string | null;
  asked_reason: string | null;
  asked_at: Date | null;
  released_at: Date | null;
}

/** By the columns of `l` and `p`. */
const covered = 'kill_switch_covers(p.scope, p.scope_id, l.agent_id, l.profile, l.target, l.action_name)';
const prefixed = columns.replaceAll(/(^|, )/gu, '$1l.');
/** What is not over: two parts, so that each finds its partial index. */
const notOver = `(SELECT * FROM leases WHERE state IN ('offered', 'minting', 'active')
  UNION ALL SELECT * FROM leases WHERE state = 'ending')`;

/** What a pull may cover of a lease that is not there yet. */
interface Offer extends Pick<Lease, 'actionId' | 'agentId' | 'profile' | 'target'> {
  actionName: string | undefined;
}

/** The table's own word that a pull stands against what was tried: an intent, the record of a mint, a use. */
export const isPulled = (error: unknown): boolean => sqlStateOf(error) === 'KS001';

/** Pulls of the kill switch, and what of the leases they cover. */
@Injectable()
export class KillSwitchStore {
  constructor(private readonly database: Database) {}

  /**
   * Waits for every intent, record and use that is under way, and holds up all others until this transaction is over. It is a
   * statement by itself, so that the next one sees all that they did. The other side is the trigger of the migration.
   */
  async shut(tx: Tx): Promise<void> {
    await tx.query('LOCK TABLE kill_pulls IN EXCLUSIVE MODE');
  }

  /** Call after `shut`. Counts what is live in its scope. */
  async add(tx: Tx, pull: Pick<Pull, 'pullId' | 'scope' | 'scopeId' | 'by' | 'reason'>): Promise<Pull> {
    const rows = await tx.query<PullRow>(
      `INSERT INTO kill_pulls (pull_id, epoch, version, scope, scope_id, "by", reason, pulled_at, live)
       SELECT p.pull_id, (SELECT coalesce(max(epoch), 0) + 1 FROM kill_pulls), 1, p.scope, p.scope_id, p."by", p.reason,
         clock_timestamp(), (SELECT count(*) FROM ${notOver} l WHERE ${covered})
       FROM (VALUES ($1::uuid, $2::text, $3::text, $4::text, $5::text)) AS p (pull_id, scope, scope_id, "by", reason)
       RETURNING ${pullColumns}`,
      [pull.pullId, pull.scope, pull.scopeId, pull.by, pull.reason],
    );
    return only(rows);
  }

  async find(tx: Tx, pullId: string): Promise<Pull | undefined> {
    const rows = await tx.query<PullRow>(`SELECT ${pullColumns} FROM kill_pulls WHERE pull_id = $1`, [pullId]);
    return rows[0] && pullOf(rows[0]);
  }

  async lock(tx: Tx, pullId: string): Promise<Pull | undefined> {
    const rows = await tx.query<PullRow>(`SELECT ${pullColumns} FROM kill_pulls WHERE pull_id = $1 FOR UPDATE`, [
      pullId,
    ]);
    return rows[0] && pullOf(rows[0]);
  }

  /** The first of two people, in place of one who does not count any more. */
  async ask(tx: Tx, pullId: string, { by, reason }: Pick<Asked, 'by' | 'reason'>): Promise<Pull> {
    const rows = await tx.query<PullRow>(
      `UPDATE kill_pulls SET version = version + 1, asked_by = $2, asked_reason = $3, asked_at = clock_timestamp()
       WHERE pull_id = $1 RETURNING ${pullColumns}`,
      [pullId, by, reason],
    );
    return only(rows);
  }

  async release(tx: Tx, pullId: string, { by, reason }: Pick<Asked, 'by' | 'reason'>): Promise<Pull> {
    const rows = await tx.query<PullRow>(
      `UPDATE kill_pulls SET version = version + 1, released_by = $2, released_reason = $3, released_at = clock_timestamp()
       WHERE pull_id = $1 RETURNING ${pullColumns}`,
      [pullId, by, reason],
    );
    return only(rows);
  }

  async inForce(): Promise<Pull[]> {
    const rows = await this.database.query<PullRow>(
      `SELECT ${pullColumns} FROM kill_pulls WHERE released_at IS NULL ORDER BY epoch`,
    );
    return rows.map(pullOf);
  }

  /** What is left of the work of the pulls in force, by pull and target. */
  async remaining(): Promise<(Remaining & { pullId: string })[]> {
    return this.database.query<Remaining & { pullId: string }>(
      `SELECT p.pull_id AS "pullId", l.target, count(*)::int AS live, count(*) FILTER (WHERE l.stuck)::int AS stuck
       FROM kill_pulls p JOIN ${notOver} l ON l.kill_epoch < p.epoch AND ${covered}
       WHERE p.released_at IS NULL GROUP BY p.pull_id, l.target ORDER BY l.target`,
    );
  }

  /** Some of the leases that a pull ends and that are not ending yet, locked. A pull that was released meanwhile goes on. */
  async lockSome(tx: Tx, { pullId }: Pull, limit: number): Promise<Lease[]> {
    const rows = await tx.query<LeaseRow>(
      `SELECT ${prefixed} FROM leases l JOIN kill_pulls p ON p.pull_id = $1
       WHERE l.state IN ('offered', 'minting', 'active') AND l.kill_epoch < p.epoch AND ${covered}
       ORDER BY l.lease_id LIMIT $2 FOR UPDATE OF l`,
      [pullId, limit],
    );
    return rows.map(leaseOf);
  }

  /** The oldest pull that is the end of this lease. */
  async against(leaseId: string): Promise<Pull | undefined> {
    const rows = await this.database.query<PullRow>(
      `SELECT ${pullColumns.replaceAll(/(^|, )/gu, '$1p.')} FROM leases l JOIN kill_pulls p ON p.epoch > l.kill_epoch AND ${covered}
       WHERE l.lease_id = $1 ORDER BY p.epoch LIMIT 1`,
      [leaseId],
    );
    return rows[0] && pullOf(rows[0]);
  }

  /**
   * Of these offers, the actions that a pull in force covers, and the newest epoch that was looked at. All in one statement:
   * an offer carries exactly the epoch up to which it was checked, and a pull that comes later is above it. Needs no lock.
   */
  async standing(tx: Tx, offers: readonly Offer[]): Promise<{ epoch: number; covered: Set<string> }> {
    const rows = await tx.query<{ epoch: number; covered: string[] }>(
      `SELECT (SELECT coalesce(max(epoch), 0) FROM kill_pulls) AS epoch, ARRAY(
         SELECT l.action_id::text FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[])
           AS l (action_id, agent_id, profile, target, action_name)
         WHERE EXISTS (SELECT FROM kill_pulls p WHERE p.released_at IS NULL AND ${covered})) AS covered`,
      [
        offers.map(({ actionId }) => actionId),
        offers.map(({ agentId }) => agentId),
        offers.map(({ profile }) => profile),
        offers.map(({ target }) => target),
        offers.map(({ actionName }) => actionName ?? null),
      ],
    );
    const [row] = rows;
    if (row === undefined) throw new TypeError('the kill switch gave no row');
    return { epoch: row.epoch, covered: new Set(row.covered) };
  }
}

function only([row]: readonly PullRow[]): Pull {
  if (row === undefined) throw new TypeError('a pull that is locked or new has a row');
  return pullOf(row);
}

function pullOf(row: PullRow): Pull {
  const { asked_by: by, asked_reason: reason, asked_at: at } = row;
  return {
    pullId: row.pull_id,
    epoch: row.epoch,
    version: row.version,
    scope: row.scope,
    scopeId: row.scope_id,
    by: row.by,
    reason: row.reason,
    pulledAt: row.pulled_at,
    live: row.live,
    asked: by === null || reason === null || at === null ? null : { by, reason, at },
    releasedAt: row.released_at,
  };
}
