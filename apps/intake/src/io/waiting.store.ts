import type { Waiting } from '#contracts';
import type { Tx } from '#database';
import { Injectable } from '@nestjs/common';

export interface Opened extends Waiting {
  actionId: string;
  deadlineAt: string;
}

interface Row {
  agent: string;
  owner: string;
  task: string | null;
  count: number;
}

/** What waits for people, as far as approvals has said so. Past its deadline nothing waits, whatever was said or not. */
@Injectable()
export class WaitingStore {
  /** Opened, or opened anew under another plan. */
  async open(opened: readonly Opened[], tx: Tx): Promise<void> {
    if (opened.length === 0) return;
    await tx.query(
      `INSERT INTO waiting (action_id, agent_id, owner, task_id, deadline_at)
       SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[]) AS t (action_id) ORDER BY action_id
       ON CONFLICT (action_id) DO UPDATE SET deadline_at = excluded.deadline_at`,
      [
        opened.map(({ actionId }) => actionId),
        opened.map(({ agent }) => agent),
        opened.map(({ owner }) => owner),
        opened.map(({ task }) => task ?? null),
        opened.map(({ deadlineAt }) => deadlineAt),
      ],
    );
  }

  /** These wait no more; nor does what should have ended a day ago and was never heard of again. */
  async close(actionIds: readonly string[], tx: Tx): Promise<void> {
    if (actionIds.length === 0) return;
    await tx.query(
      `DELETE FROM waiting WHERE action_id IN (
         SELECT action_id FROM waiting
          WHERE action_id = ANY($1::uuid[]) OR deadline_at < clock_timestamp() - interval '1 day' ORDER BY action_id FOR UPDATE)`,
      [actionIds],
    );
  }

  /** Of these agents, and of whatever else their owners answer for. */
  async count(agents: readonly string[], owners: readonly string[], tx: Tx): Promise<(Waiting & { count: number })[]> {
    const rows = await tx.query<Row>(
      `SELECT agent_id AS agent, owner, task_id AS task, count(*)::int AS count FROM waiting
        WHERE (agent_id = ANY($1::text[]) OR owner = ANY($2::text[])) AND deadline_at > clock_timestamp()
        GROUP BY agent_id, owner, task_id`,
      [agents, owners],
    );
    return rows.map(({ task, ...row }) => ({ ...row, task: task ?? undefined }));
  }
}
