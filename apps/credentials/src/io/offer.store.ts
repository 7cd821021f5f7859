import { Injectable } from '@nestjs/common';
import { Database, packed, type Tx } from '#database';
import type { LeaseState } from '#contracts';
import type { Evidence } from '#trust';
import type { Terms } from '../core/terms.js';
import { written } from './lease-faults.js';

/** The first row of an action: on offer with its evidence, or over before it had terms. */
export interface NewLease {
  leaseId: string;
  actionId: string;
  agentId: string;
  actionDigest: string;
  state: LeaseState;
  code: string | null;
  terms: Terms | undefined;
  offerExpiresAt: Date | undefined;
  evidence: Evidence | undefined;
  /** The name of the action; undefined when its evidence does not belong together. */
  actionName: string | undefined;
  /** The newest epoch of the kill switch that did not stand against it. */
  killEpoch: number;
  traceparent: string | undefined;
}

/** How leases come into the tables, and the evidence they rest on. */
@Injectable()
export class OfferStore {
  constructor(private readonly database: Database) {}

  async now(tx: Tx): Promise<Date> {
    const [row] = await tx.query<{ now: Date }>('SELECT clock_timestamp() AS now');
    if (row === undefined) throw new TypeError('the clock gave no row');
    return row.now;
  }

  /** Adds those whose action was never seen; answers their action ids. */
  async add(tx: Tx, leases: readonly NewLease[]): Promise<Set<string>> {
    const rows = await tx.query<{ action_id: string }>(
      `WITH added AS (
         INSERT INTO leases (lease_id, action_id, agent_id, action_digest, state, version, code, profile, profile_version,
           issuer, target, ttl_seconds, uses_left, groups, offer_expires_at, ended_at, traceparent,
           action_name, kill_epoch)
         SELECT n.lease_id, n.action_id, n.agent_id, n.action_digest, n.state, 1, n.code, n.profile, n.profile_version,
           n.issuer, n.target, n.ttl_seconds, n.uses_left,
           CASE WHEN n.groups IS NOT NULL THEN ARRAY(SELECT jsonb_array_elements_text(n.groups::jsonb)) END,
           n.offer_expires_at, CASE WHEN n.state <> 'offered' THEN clock_timestamp() END, n.traceparent,
           n.action_name, n.kill_epoch
         FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int[],
           $9::text[], $10::text[], $11::int[], $12::int[], $13::text[], $14::timestamptz[], $15::text[], $19::text[], $20::int[])
           AS n (lease_id, action_id, agent_id, action_digest, state, code, profile, profile_version, issuer, target,
             ttl_seconds, uses_left, groups, offer_expires_at, traceparent, action_name, kill_epoch)
         ON CONFLICT (action_id) DO NOTHING RETURNING lease_id, action_id
       ), kept AS (
         INSERT INTO lease_evidence (lease_id, evidence)
         SELECT e.lease_id, convert_from(substr($16::bytea, at, length), 'UTF8')
         FROM unnest($1::uuid[], $17::int[], $18::int[]) AS e (lease_id, at, length)
         JOIN added USING (lease_id) WHERE length IS NOT NULL
       )
       SELECT action_id FROM added`,
      parameters(leases),
    );
    if (rows.length > 0) written(tx);
    return new Set(rows.map(({ action_id }) => action_id));
  }

  async evidenceOf(leaseId: string): Promise<Evidence | undefined> {
    const rows = await this.database.query<{ evidence: string }>(
      'SELECT evidence FROM lease_evidence WHERE lease_id = $1',
      [leaseId],
    );
    // Written by `add` alone; whether it proves anything is verified anew each time.
    return rows[0] && (JSON.parse(rows[0].evidence) as Evidence);
  }
}

function parameters(leases: readonly NewLease[]): unknown[] {
  const of = <T>(read: (lease: NewLease) => T | undefined | null): (T | null)[] =>
    leases.map((lease) => read(lease) ?? null);
  return [
    of(({ leaseId }) => leaseId),
    of(({ actionId }) => actionId),
    of(({ agentId }) => agentId),
    of(({ actionDigest }) => actionDigest),
    of(({ state }) => state),
    of(({ code }) => code),
    of(({ terms }) => terms?.profile),
    of(({ terms }) => terms?.profileVersion),
    of(({ terms }) => terms?.issuer),
    of(({ terms }) => terms?.target),
    of(({ terms }) => terms?.ttlSeconds),
    of(({ terms }) => terms?.uses),
    of(({ terms }) => terms && JSON.stringify(terms.groups)),
    of(({ offerExpiresAt }) => offerExpiresAt),
    of(({ traceparent }) => traceparent),
    ...packed(leases.map(({ evidence }) => (evidence && Buffer.from(JSON.stringify(evidence))) ?? null)),
    of(({ actionName }) => actionName),
    of(({ killEpoch }) => killEpoch),
  ];
}
