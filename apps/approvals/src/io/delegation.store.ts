import { Injectable } from '@nestjs/common';
import { Database, type Tx } from '#database';
import type { Given } from '../core/eligibility.js';

interface Row {
  giver: string;
  receiver: string;
  until: Date;
  given_at: Date;
  delegation: string;
  person_key: string;
}

/** Of one plan, those that stand: a new plan begins without. */
const selectStanding = `
  SELECT giver, receiver, until, given_at, delegation, person_key FROM delegation
  WHERE action_id = $1 AND plan_no = $2 AND ended_at IS NULL AND until > clock_timestamp() ORDER BY given_at, giver`;

/** Seats that people gave away. */
@Injectable()
export class DelegationStore {
  constructor(private readonly database: Database) {}

  async ofPlan(actionId: string, planNo: number): Promise<Given[]> {
    return (await this.database.query<Row>(selectStanding, [actionId, planNo])).map(givenOf);
  }

  /** As `ofPlan`, under the lock that the transaction holds on the approval. */
  async ofLocked(tx: Tx, actionId: string, planNo: number): Promise<Given[]> {
    return (await tx.query<Row>(selectStanding, [actionId, planNo])).map(givenOf);
  }

  /** False when exactly this was given before. */
  async give(tx: Tx, { actionId, planNo }: { actionId: string; planNo: number }, { jti, ...given }: Given & { jti: string }): Promise<boolean> {
    // What is over by itself makes room.
    await tx.query(
      `UPDATE delegation SET ended_at = until WHERE action_id = $1 AND plan_no = $2 AND ended_at IS NULL AND until <= clock_timestamp()`,
      [actionId, planNo],
    );
    const rows = await tx.query(
      `INSERT INTO delegation (jti, action_id, plan_no, giver, receiver, until, delegation, person_key, given_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (jti) DO NOTHING RETURNING jti`,
      [jti, actionId, planNo, given.giver, given.receiver, given.until, given.signed.delegation, given.signed.person_key, given.givenAt],
    );
    return rows.length === 1;
  } // prettier-ignore

  /** The open requests in which any of these people gave or received a seat. */
  async openOf(tx: Tx, people: readonly string[]): Promise<string[]> {
    if (people.length === 0) return [];
    const rows = await tx.query<{ action_id: string }>(
      `SELECT DISTINCT d.action_id FROM delegation d JOIN approval a USING (action_id, plan_no)
       WHERE a.state = 'open' AND d.ended_at IS NULL AND (d.giver = ANY($1::text[]) OR d.receiver = ANY($1::text[]))
       ORDER BY d.action_id`,
      [people],
    );
    return rows.map(({ action_id }) => action_id);
  }

  async end(tx: Tx, actionId: string, { giver }: Given): Promise<void> {
    await tx.query(
      'UPDATE delegation SET ended_at = clock_timestamp() WHERE action_id = $1 AND giver = $2 AND ended_at IS NULL',
      [actionId, giver],
    );
  }
}

function givenOf(row: Row): Given {
  const { delegation, person_key } = row;
  const { giver, receiver, until, given_at: givenAt } = row;
  return { giver, receiver, until, givenAt, signed: { delegation, person_key } };
}
