import type { Tx } from '#database';
import { Injectable } from '@nestjs/common';

export interface QuotaAsked {
  agentId: string;
  asked: number;
  /** Requests per minute. */
  most: number;
}

export interface QuotaGranted {
  agentId: string;
  granted: number;
  /** Until the next minute begins. */
  waitSeconds: number;
}

/** Requests of each agent in the current minute of the database's clock: exact, however many instances ask at once. */
@Injectable()
export class QuotasStore {
  /** Takes what is left of each minute's quota. The rows stay locked until the transaction ends, and nothing is taken when it rolls back. */
  async take(wanted: readonly QuotaAsked[], tx: Tx): Promise<QuotaGranted[]> {
    if (wanted.length === 0) return [];
    return tx.query<QuotaGranted>(
      `INSERT INTO quotas AS q (agent_id, minute, used, asked, most, granted)
       SELECT agent_id, date_trunc('minute', clock_timestamp()), least(asked, most), asked, most, least(asked, most)
         FROM unnest($1::text[], $2::int[], $3::int[]) AS t(agent_id, asked, most)
        ORDER BY agent_id
       ON CONFLICT (agent_id) DO UPDATE
          -- Whoever waited for the row may bring a minute that is over by now.
          SET minute = greatest(q.minute, excluded.minute),
              asked = excluded.asked,
              most = excluded.most,
              granted = ${granted},
              used = ${usedBefore} + ${granted}
       RETURNING agent_id AS "agentId", granted,
                 greatest(1, ceil(extract(epoch FROM minute + interval '1 minute' - clock_timestamp())))::int AS "waitSeconds"`,
      [wanted.map(({ agentId }) => agentId), wanted.map(({ asked }) => asked), wanted.map(({ most }) => most)],
    );
  }
}

const usedBefore = '(CASE WHEN q.minute >= excluded.minute THEN q.used ELSE 0 END)';
const granted = `least(excluded.asked, greatest(0, excluded.most - ${usedBefore}))`;
