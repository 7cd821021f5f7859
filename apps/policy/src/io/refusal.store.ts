import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';

/** What people have said no to, by shape: the last time only. */
@Injectable()
export class RefusalStore {
  /** From now on the shape of these actions counts as refused. What policy never passed on to people has none. */
  async note(tx: Tx, actionIds: readonly string[]): Promise<void> {
    if (actionIds.length === 0) return;
    await tx.query(
      `INSERT INTO refusal (shape, refused_at)
       SELECT DISTINCT shape, clock_timestamp() FROM action
        WHERE action_id = ANY($1::uuid[]) AND outcome = 'require_approval' AND shape IS NOT NULL ORDER BY shape
       ON CONFLICT (shape) DO UPDATE SET refused_at = excluded.refused_at`,
      [actionIds],
    );
    // As old as the longest cool-down that a config may name. Whatever another process holds is left to it.
    await tx.query(
      `DELETE FROM refusal WHERE shape IN (
         SELECT shape FROM refusal WHERE refused_at < clock_timestamp() - interval '30 days' FOR UPDATE SKIP LOCKED)`,
    );
  }
}
