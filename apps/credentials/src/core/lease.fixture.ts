import type { Lease } from './lease.js';

/** A lease on offer. */
export function aLease(overrides: Partial<Lease> = {}): Lease {
  return {
    leaseId: '019aabbb-0000-7000-8000-000000000001',
    actionId: '019aaaaa-0000-7000-8000-000000000001',
    agentId: 'migrator-1',
    actionDigest: 'sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    state: 'offered',
    version: 1,
    code: null,
    by: null,
    reason: null,
    profile: 'orders-ddl',
    profileVersion: 1,
    issuer: 'postgres-role',
    target: 'orders-db',
    ttlSeconds: 300,
    usesLeft: 1,
    groups: ['dba'],
    offerExpiresAt: new Date('2026-11-24T12:05:00.000Z'),
    mintBy: null,
    expiresAt: null,
    releasedAt: null,
    handle: null,
    executed: null,
    attempts: 0,
    stuck: false,
    traceparent: null,
    ...overrides,
  };
}
