import { Injectable } from '@nestjs/common';
import type { Waiting } from '#contracts';
import type { Tx } from '#database';

interface Row {
  agent: string;
  owner: string | null;
  task: string | null;
  count: number;
}

/** How many requests wait for people, of whom. */
@Injectable()
export class WaitingStore {
  /**
   * Locks the counts of these owners until the transaction ends, over all processes and always in one order, and reads them with those of
   * the agents; without the actions that are about to be opened, should one be there already.
   */
  async count(tx: Tx, asked: readonly (Waiting & { actionId: string })[]): Promise<(Waiting & { count: number })[]> {
    const owners = [...new Set(asked.map(({ owner }) => owner))].sort();
    await tx.query(
      `SELECT pg_advisory_xact_lock(hashtextextended('sallyport/waiting/' || owner, 0)) FROM unnest($1::text[]) AS o (owner)`,
      [owners],
    );
    const rows = await tx.query<Row>(
      `SELECT agent_id AS agent, owner, task_id AS task, count(*)::int AS count FROM approval
       WHERE state = 'open' AND (owner = ANY($1::text[]) OR agent_id = ANY($2::text[])) AND NOT action_id = ANY($3::uuid[])
       GROUP BY agent_id, owner, task_id`,
      [owners, [...new Set(asked.map(({ agent }) => agent))], asked.map(({ actionId }) => actionId)],
    );
    return rows.map(({ agent, count, owner, task }) => ({ agent, count, owner: owner ?? '', task: task ?? undefined }));
  }
}
