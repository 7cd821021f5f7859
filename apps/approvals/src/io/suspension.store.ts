import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';

export interface Suspension {
  actionId: string;
  agentId: string;
  askedBy: string;
  reason: string;
  attempts: number;
}

interface Row {
  action_id: string;
  agent_id: string;
  asked_by: string;
  reason: string;
  attempts: number;
}

/** Stops that people asked for, kept until the registry has suspended the agent. */
@Injectable()
export class SuspensionStore {
  /** A second stop of the same action wants the agent suspended again: a registrar may have resumed it meanwhile. */
  async intend(tx: Tx, suspension: Omit<Suspension, 'attempts'>): Promise<void> {
    await tx.query(
      `INSERT INTO suspension (action_id, agent_id, asked_by, reason) VALUES ($1, $2, $3, $4)
       ON CONFLICT (action_id) DO UPDATE
       SET asked_by = $3, reason = $4, asked_at = now(), attempts = 0, done_at = NULL`,
      [suspension.actionId, suspension.agentId, suspension.askedBy, suspension.reason],
    );
  }

  async pending(tx: Tx, actionIds: string[]): Promise<Suspension[]> {
    const rows = await tx.query<Row>(
      `SELECT action_id, agent_id, asked_by, reason, attempts FROM suspension
       WHERE action_id = ANY($1::uuid[]) AND done_at IS NULL ORDER BY action_id FOR UPDATE`,
      [actionIds],
    );
    return rows.map((row) => ({
      actionId: row.action_id,
      agentId: row.agent_id,
      askedBy: row.asked_by,
      reason: row.reason,
      attempts: row.attempts,
    }));
  }

  async done(tx: Tx, actionIds: string[]): Promise<void> {
    await tx.query(
      'UPDATE suspension SET attempts = attempts + 1, done_at = clock_timestamp() WHERE action_id = ANY($1::uuid[])',
      [actionIds],
    );
  }

  async failed(tx: Tx, actionIds: string[]): Promise<void> {
    await tx.query('UPDATE suspension SET attempts = attempts + 1 WHERE action_id = ANY($1::uuid[])', [actionIds]);
  }
}
