import type { DelegateBody, Delegation, IssuerSubject, PersonKey, StepUp, Vote, VoteBody } from '#contracts';
import { isConfirmed, isSignedInTime } from '#trust';

/** What a delegation must be about, taken from the frozen evidence and never from what was signed. */
export interface AboutPlan {
  gate: string;
  action_id: string;
  action_digest: string;
  plan_digest: string;
}

/** The same for a vote. */
export interface AboutVote extends AboutPlan {
  view_digest: string;
  variant: string;
}

export interface Proven<S> {
  /** Undefined where the signature is not by the key, or nobody vouches for the key. */
  said: S | undefined;
  key: PersonKey | undefined;
  /** Of the person who calls. */
  identities: readonly IssuerSubject[];
  receivedAt: string;
}

/** Why a vote is not proven; undefined when it is: this person's living key signed exactly what the body says, about exactly this. */
export function whyNotProven(body: VoteBody, about: AboutVote, proven: Proven<Vote>): string | undefined {
  return whyNotSigned('vote', about, proven, (vote) => saysTheSame(body, vote));
}

/** The same of a seat that is given away. */
export function whyNotGivenBy({ reason, to, until }: DelegateBody, about: AboutPlan, proven: Proven<Delegation>): string | undefined {
  return whyNotSigned('delegation', about, proven, (said) => said.to === to && said.until === until && said.reason === reason);
} // prettier-ignore

function whyNotSigned<S extends { iat: number }>(
  what: string,
  about: object,
  { identities, key, receivedAt, said }: Proven<S>,
  saysSo: (said: S) => boolean,
): string | undefined {
  if (said === undefined || key === undefined) return `the ${what} is not signed by a registered key: sign in again`;
  if (!identities.some(({ iss, sub }) => iss === key.iss && sub === key.sub)) return 'the key is of somebody else';
  if (!isSignedInTime(said, key, receivedAt)) return `the key is over, or the ${what} is not of now: sign in again`;
  const isAboutThis = Object.entries(about).every(([name, value]) => said[name as keyof S] === value);
  return isAboutThis && saysSo(said) ? undefined : `what was signed is another ${what}`;
}

/** A security key of this very person has confirmed exactly this vote, a moment ago. */
export function isConfirmedBy(
  stepUp: StepUp | undefined,
  vote: Vote,
  { identities, receivedAt }: { identities: readonly IssuerSubject[]; receivedAt: string },
): boolean {
  if (stepUp === undefined || !isConfirmed(vote, stepUp, receivedAt)) return false;
  return identities.some(({ iss, sub }) => iss === stepUp.iss && sub === stepUp.sub);
}

function saysTheSame(body: VoteBody, vote: Vote): boolean {
  const { caps = {} } = body;
  return (
    vote.decision === body.decision &&
    vote.stage === body.stage &&
    vote.reason === body.reason &&
    vote.confirmed.length === body.confirmed.length &&
    vote.confirmed.every((point, at) => point === body.confirmed[at]) &&
    vote.caps?.ttl_seconds === caps.ttl_seconds &&
    vote.caps?.uses === caps.uses
  );
}
