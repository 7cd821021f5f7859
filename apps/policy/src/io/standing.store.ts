import { Injectable } from '@nestjs/common';
import { Database } from '#database';
import type { AccountKey } from '../core/ledger.js';

/** What the counters say of an action that was judged before, without the action itself. */
export interface Standing {
  /** The database's clock. */
  now: Date;
  decidedAt: Date;
  /** What had been asked before it in its minute: later requests do not count against an earlier one. */
  velocity: number;
  /** How long before its first verdict a person had said no to the same: a later no does not count against an earlier request. */
  refusedSecondsAgo: number | undefined;
  spend: { ownMinor: number; peopleMinor: number } | undefined;
  openReviews: string[];
}

interface Row {
  now: Date;
  decided_at: Date;
  velocity: number;
  refused_seconds_ago: number | null;
  own_minor: string | null;
  people_minor: string | null;
  open_reviews: string[];
}

/** Reads for a judgement that reserves nothing: one statement, one snapshot, no lock. */
@Injectable()
export class StandingStore {
  constructor(private readonly database: Database) {}

  /** Undefined for an action that policy never judged. */
  async find(actionId: string, account: AccountKey | undefined): Promise<Standing | undefined> {
    const [row] = await this.database.query<Row>(
      `WITH clock AS (SELECT clock_timestamp() AS now),
       off AS (
         SELECT CASE WHEN own THEN amount_minor ELSE 0 END AS own_minor, CASE WHEN own THEN 0 ELSE amount_minor END AS people_minor
           FROM reservation, clock
          WHERE agent_id = $2 AND currency = $3 AND (action_id = $1 OR spent_at <= now - interval '24 hours')
         UNION ALL
         SELECT own_minor, people_minor FROM freed WHERE agent_id = $2 AND currency = $3),
       sums AS (SELECT coalesce(sum(own_minor), 0) AS own_minor, coalesce(sum(people_minor), 0) AS people_minor FROM off)
       SELECT clock.now, a.decided_at, a.velocity, a.refused_seconds_ago,
              coalesce(c.own_minor, 0) - sums.own_minor AS own_minor, coalesce(c.people_minor, 0) - sums.people_minor AS people_minor,
              ARRAY(SELECT DISTINCT rule FROM review WHERE closed_at IS NULL AND action_id <> $1) AS open_reviews
         FROM action a CROSS JOIN clock CROSS JOIN sums
         LEFT JOIN account c ON c.agent_id = $2 AND c.currency = $3
        WHERE a.action_id = $1`,
      [actionId, account?.agentId ?? '', account?.currency ?? ''],
    );
    if (row === undefined) return undefined;
    const spend = account && { ownMinor: Number(row.own_minor), peopleMinor: Number(row.people_minor) };
    return {
      now: row.now,
      decidedAt: row.decided_at,
      velocity: row.velocity,
      refusedSecondsAgo: row.refused_seconds_ago ?? undefined,
      spend,
      openReviews: row.open_reviews,
    };
  }
}
