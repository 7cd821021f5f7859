import { Injectable } from '@nestjs/common';
import type { Caps, CountedVote, VoteBody } from '#contracts';
import { Database, type Tx } from '#database';

export interface StoredVote {
  person: string;
  stage: number;
  decision: VoteBody['decision'];
  caps: Caps | undefined;
  /** Whose seat it fills, where that is another person's. */
  seatOf: string | undefined;
  counted: CountedVote;
}

interface Row {
  person: string;
  stage: number;
  decision: VoteBody['decision'];
  caps: Caps | null;
  vote: string;
  counting: string;
  person_key: string | null;
  step_up: string | null;
  seat_of: string | null;
  delegation: string | null;
  delegation_key: string | null;
}

const selectVotes = `
  SELECT person, stage, decision, caps, vote, counting, person_key, step_up, seat_of, delegation, delegation_key FROM vote
  WHERE action_id = $1 AND plan_no = $2 ORDER BY counted_at, person`;

@Injectable()
export class VoteStore {
  constructor(private readonly database: Database) {}

  /** The votes of one plan in the order in which they were counted. */
  async ofPlan(actionId: string, planNo: number): Promise<StoredVote[]> {
    return (await this.database.query<Row>(selectVotes, [actionId, planNo])).map(voteOf);
  }

  /** Keeps what a vote was given on, and answers whether it was the first on this view. */
  async keepView(tx: Tx, actionId: string, { digest, text }: { digest: string; text: string }): Promise<boolean> {
    const kept = await tx.query(
      `INSERT INTO shown_view (view_digest, action_id, view) VALUES ($1, $2, $3) ON CONFLICT (view_digest) DO NOTHING RETURNING 1`,
      [digest, actionId, text],
    );
    return kept.length > 0;
  }

  /** As `ofPlan`, under the lock that the transaction holds on the approval. */
  async ofLocked(tx: Tx, actionId: string, planNo: number): Promise<StoredVote[]> {
    return (await tx.query<Row>(selectVotes, [actionId, planNo])).map(voteOf);
  }
}

function voteOf(row: Row): StoredVote {
  const { delegation, delegation_key } = row;
  const isGiven = delegation !== null && delegation_key !== null;
  return {
    person: row.person,
    stage: row.stage,
    decision: row.decision,
    caps: row.caps ?? undefined,
    seatOf: row.seat_of ?? undefined,
    counted: {
      vote: row.vote,
      counting: row.counting,
      ...(row.person_key !== null && { person_key: row.person_key }),
      ...(row.step_up !== null && { step_up: row.step_up }),
      ...(isGiven && { delegated: { delegation, person_key: delegation_key } }),
    },
  };
}
