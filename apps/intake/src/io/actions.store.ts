import type { ProblemCode } from '#contracts';
import type { Tx } from '#database';
import { Injectable } from '@nestjs/common';
import type { Candidate, Used } from '../core/settle.js';

interface FoundRow {
  at: Date;
  id: string | null;
  agent_id: string;
  sha256: Buffer;
  state: 'accepted' | 'rejected';
  code: ProblemCode | null;
}

/** Ids that were used, each once and for ever. */
@Injectable()
export class ActionsStore {
  /** Those of these ids that are used, and the time by the database's clock. */
  async load(ids: readonly string[], tx: Tx): Promise<{ at: Date; used: Used[] }> {
    const sorted = [...new Set(ids)].sort();
    const rows = await tx.query<FoundRow>(
      `SELECT clock_timestamp() AS at, a.id, a.agent_id, a.sha256, a.state, a.code
         FROM (SELECT 1) AS always
         -- The range says which partitions can hold them; a list alone would look into every month.
         LEFT JOIN actions a ON a.id = ANY($1::uuid[]) AND a.id >= $2::uuid AND a.id <= $3::uuid`,
      [sorted, sorted[0] ?? null, sorted.at(-1) ?? null],
    );
    return { at: rows[0]?.at ?? new Date(Number.NaN), used: rows.flatMap(usedOf) };
  }

  /** Uses ids up. Answers when each was received; an id that another transaction used meanwhile is not among them. */
  async add(candidates: readonly Candidate[], tx: Tx): Promise<Map<string, Date>> {
    const rows = await tx.query<{ id: string; received_at: Date }>(
      `INSERT INTO actions (id, agent_id, agent_version, sha256, state, code)
       SELECT id, agent_id, agent_version, sha256, CASE WHEN code IS NULL THEN 'accepted' ELSE 'rejected' END, code
         FROM unnest($1::uuid[], $2::text[], $3::int[], $4::bytea[], $5::text[]) AS t(id, agent_id, agent_version, sha256, code)
        -- One order everywhere: two transactions with the same ids wait for each other instead of deadlocking.
        ORDER BY id
       ON CONFLICT (id) DO NOTHING
       RETURNING id, received_at`,
      [
        candidates.map(({ header }) => header.ce.id),
        candidates.map(({ agent }) => agent.id),
        candidates.map(({ agent }) => agent.version),
        candidates.map(({ sha256 }) => Buffer.from(sha256.slice(prefix.length), 'base64url')),
        candidates.map(({ judged }) => judged.refusal?.code ?? null),
      ],
    );
    return new Map(rows.map(({ id, received_at }) => [id, received_at]));
  }

  /** Notes the agent's own ask to end an action, once. `said` = now for the first time. Undefined: no such action of this agent. */
  async askCancel(id: string, agentId: string, tx: Tx): Promise<{ state: Used['state']; said: boolean } | undefined> {
    const asked = await tx.query(
      `UPDATE actions SET cancel_asked = true
        WHERE id = $1 AND agent_id = $2 AND state = 'accepted' AND NOT cancel_asked RETURNING id`,
      [id, agentId],
    );
    if (asked.length > 0) return { state: 'accepted', said: true };
    const rows = await tx.query<{ state: Used['state'] }>('SELECT state FROM actions WHERE id = $1 AND agent_id = $2', [
      id,
      agentId,
    ]);
    return rows[0] && { state: rows[0].state, said: false };
  }

  /** Makes the partitions of the coming months. */
  async makeMonths(tx: Tx): Promise<void> {
    await tx.query('SELECT make_action_months()');
  }
}

const prefix = 'sha256:';

function usedOf({ id, agent_id, sha256, state, code }: FoundRow): Used[] {
  return id === null ? [] : [{ id, agent_id, sha256: prefix + sha256.toString('base64url'), state, code }];
}
