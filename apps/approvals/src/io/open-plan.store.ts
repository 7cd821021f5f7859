import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';
import type { Seated } from '../core/vote.js';

/** An open request as far as finding people for it goes. */
export interface OpenPlan {
  actionId: string;
  version: number;
  /** As policy signed it. */
  verdict: string;
  /** The yeses of this plan. */
  votes: (Seated & { stage: number })[];
}

interface Row {
  action_id: string;
  version: number;
  verdict: string;
  votes: { person: string; seat_of: string | null; stage: number }[];
}

@Injectable()
export class OpenPlanStore {
  /** What this group has a part in, behind this action, in the order of their ids. */
  async ofGroup(tx: Tx, { after, group, most }: { group: string; after: string; most: number }): Promise<OpenPlan[]> {
    const rows = await tx.query<Row>(selectOpen, [group, after, most]);
    return rows.map(({ action_id, verdict, version, votes }) => ({
      actionId: action_id,
      version,
      verdict,
      votes: votes.map(({ person, seat_of, stage }) => ({ person, seatOf: seat_of ?? undefined, stage })),
    }));
  }
}

const selectOpen = `
  SELECT a.action_id, a.version, e.verdict, coalesce(v.votes, '[]') AS votes
  FROM approval a JOIN evidence e USING (action_id)
  LEFT JOIN LATERAL (
    SELECT json_agg(json_build_object('person', person, 'seat_of', seat_of, 'stage', stage)) AS votes FROM vote
    WHERE action_id = a.action_id AND plan_no = a.plan_no AND decision = 'approve') AS v ON true
  WHERE a.state = 'open' AND a.people_groups @> ARRAY[$1::text] AND a.action_id > $2
  ORDER BY a.action_id LIMIT $3`;
