import { Injectable } from '@nestjs/common';
import { Database } from '#database';
import type { Change } from '../core/stream.js';

/** What has changed, in the order in which it can be followed. */
@Injectable()
export class ChangeStore {
  constructor(private readonly database: Database) {}

  /** Up to here everything is decided: what changes later is at or above it. */
  async end(): Promise<string> {
    const [row] = await this.database.query<{ end: string }>(
      `SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS end`,
    );
    return row?.end ?? '0';
  }

  /** Each approval that changed at or after `since` and before `end`, as it stands now; at most `most` of them. */
  async between(since: string, end: string, most: number): Promise<Change[]> {
    const rows = await this.database.query<Row>(
      `SELECT action_id, version, state, people_groups,
         ARRAY(SELECT d.receiver FROM delegation d WHERE d.action_id = approval.action_id AND d.plan_no = approval.plan_no) AS receivers
       FROM approval
       WHERE changed_by >= $1::xid8 AND changed_by < $2::xid8 AND stage_group IS NOT NULL
       ORDER BY changed_by LIMIT $3`,
      [since, end, most],
    );
    return rows.map((row) => ({
      actionId: row.action_id,
      version: row.version,
      state: row.state,
      groups: row.people_groups,
      receivers: row.receivers,
    }));
  }
}

interface Row {
  action_id: string;
  version: number;
  state: Change['state'];
  people_groups: string[];
  receivers: string[];
}
