import type { LeaseState } from '#contracts';
import type { Executed, Handle, Issuing, Lease } from '../core/lease.js';

export const columns =
  'lease_id, action_id, agent_id, action_digest, state, version, code, "by", reason, profile, profile_version, issuer, target, ' +
  'ttl_seconds, uses_left, groups, offer_expires_at, mint_by, expires_at, released_at, handle, result_digest, result_rows, attempts, stuck, traceparent';

/** A row with terms, as the driver gives it. */
export interface LeaseRow {
  lease_id: string;
  action_id: string;
  agent_id: string;
  action_digest: string;
  state: LeaseState;
  version: number;
  code: string | null;
  by: string | null;
  reason: string | null;
  profile: string;
  profile_version: number;
  issuer: Issuing;
  target: string;
  ttl_seconds: number;
  uses_left: number;
  groups: string[];
  offer_expires_at: Date;
  mint_by: Date | null;
  expires_at: Date | null;
  released_at: Date | null;
  handle: Handle | null;
  result_digest: string | null;
  result_rows: number | null;
  attempts: number;
  stuck: boolean;
  traceparent: string | null;
}

export function leaseOf(row: LeaseRow): Lease {
  return {
    leaseId: row.lease_id,
    actionId: row.action_id,
    agentId: row.agent_id,
    actionDigest: row.action_digest,
    state: row.state,
    version: row.version,
    code: row.code,
    by: row.by,
    reason: row.reason,
    profile: row.profile,
    profileVersion: row.profile_version,
    issuer: row.issuer,
    target: row.target,
    ttlSeconds: row.ttl_seconds,
    usesLeft: row.uses_left,
    groups: row.groups,
    offerExpiresAt: row.offer_expires_at,
    mintBy: row.mint_by,
    expiresAt: row.expires_at,
    releasedAt: row.released_at,
    handle: row.handle,
    executed: executedOf(row),
    attempts: row.attempts,
    stuck: row.stuck,
    traceparent: row.traceparent,
  };
}

function executedOf({ result_digest: digest, result_rows: rowCount }: LeaseRow): Executed | null {
  return digest === null || rowCount === null ? null : { digest, rowCount };
}
