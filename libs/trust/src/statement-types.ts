import type { KeyPurpose } from '#contracts';

/**
 * The `typ` of everything that the gate signs (RFC 8725 section 3.11): a statement of one kind can never be read as
 * one of another, even where one key signs both. The first of a purpose is its default.
 */
export const statementTypes = {
  registry: ['sallyport-registry+jws'],
  acceptance: ['sallyport-acceptance+jws'],
  verdict: ['sallyport-verdict+jws'],
  vote: ['sallyport-counting+jws', 'sallyport-granting+jws', 'sallyport-closing+jws'],
  'person-key': ['sallyport-person-key+jws', 'sallyport-step-up+jws'],
  lease: ['sallyport-lease+jws', 'sallyport-replay+jws'],
  token: ['at+jwt'],
  outcome: ['sallyport-outcome+jws'],
  service: ['sallyport-service+jwt'],
  checkpoint: ['sallyport-checkpoint+jws'],
} as const satisfies Record<KeyPurpose, readonly [string, ...string[]]>;

/** What people sign with their own keys: no key of the gate signs under this name, and no other statement has it. */
export const voteType = 'sallyport-vote+jws';
export const delegationType = 'sallyport-delegation+jws';
export const callType = 'sallyport-call+jws';

export type StatementType<P extends KeyPurpose> = (typeof statementTypes)[P][number];

export function defaultType<P extends KeyPurpose>(purpose: P): StatementType<P> {
  return statementTypes[purpose][0];
}
