import { Injectable } from '@nestjs/common';
import type { LeaseState } from '#contracts';
import { Database } from '#database';
import type { Lease } from '../core/lease.js';
import { columns, leaseOf, type LeaseRow } from './lease-row.js';

/** Which leases a caller sees: of one agent, or with one of these groups in the plan. Empty: all. */
export interface Sight {
  agent?: string;
  groups?: string[];
}

export interface Page {
  states: readonly LeaseState[];
  agent: string | undefined;
  /** The last lease of the page before. */
  before: string | undefined;
  limit: number;
}

/** What lists show. Nothing here decides. */
@Injectable()
export class LeaseListStore {
  constructor(private readonly database: Database) {}

  /**
   * Newest first, by the time in the id. A page goes on where the one before ended, so nothing comes twice, whatever is
   * added meanwhile.
   */
  async page(sight: Sight, { states, agent, before, limit }: Page): Promise<Lease[]> {
    const branches = states.map((_, index) => `(${ofState(`$${String(index + 6)}`)})`);
    const rows = await this.database.query<LeaseRow>(
      `SELECT * FROM (${branches.join(' UNION ALL ')}) AS found ORDER BY lease_id DESC LIMIT $5`,
      [sight.agent ?? null, agent ?? null, sight.groups ?? null, before ?? null, limit, ...states],
    );
    return rows.map(leaseOf);
  }
}

/** A query for each state, and not one for all: the planner then knows that one is rare, and does not look for it among the others. */
const ofState = (state: string): string => `
  SELECT ${columns} FROM leases
  WHERE state = ${state} AND profile IS NOT NULL
    AND ($1::text IS NULL OR agent_id = $1) AND ($2::text IS NULL OR agent_id = $2)
    AND ($3::text[] IS NULL OR (groups <> '{}' AND groups && $3))
    AND ($4::uuid IS NULL OR lease_id < $4)
  ORDER BY lease_id DESC LIMIT $5`;
