import {
  delegation,
  type Counting,
  type Delegation,
  type PersonKey,
  type SignedDelegation,
  type Vote,
} from '#contracts';
import type { SigningKey } from './jwk.js';
import { signCompact } from './jws.js';
import { isSignedInTime, readPersonKey, readSignedBy } from './person-key.js';
import { delegationType } from './statement-types.js';
import type { Trust } from './trust.js';

/** What somebody signed about giving their seat away, and whose key that is by identity. Only `readDelegation` makes them. */
export interface ReadDelegation {
  readonly given: Delegation;
  readonly key: PersonKey;
}

export function signDelegation(key: SigningKey, given: Delegation): string {
  return signCompact(key, { typ: delegationType, jwk: key.jwk }, JSON.stringify(given));
}

/** Undefined where no key that credentials vouches for has signed it. */
export function readDelegation(trust: Trust, signed: SignedDelegation): ReadDelegation | undefined {
  const key = readPersonKey(trust, signed.person_key);
  const given = key && readSignedBy(key, signed.delegation, { typ: delegationType, schema: delegation });
  return key && given && { given, key };
}

/**
 * Was a seat given for exactly this vote: in this plan of this action, to the person who was counted, by a key that lived when it was
 * given, and not over when the vote was received? That the giver held the seat is for whoever has the registry.
 */
export function isGivenFor({ given, key }: ReadDelegation, { counting, vote }: { counting: Counting; vote: Vote }): boolean {
  const { delegated, person, received_at } = counting;
  const isSame = given.action_id === vote.action_id && given.action_digest === vote.action_digest && given.plan_digest === vote.plan_digest;
  if (delegated === undefined || !isSame || given.to !== person) return false;
  return isSignedInTime(given, key, delegated.given_at) && delegated.given_at <= received_at && received_at < given.until;
} // prettier-ignore
