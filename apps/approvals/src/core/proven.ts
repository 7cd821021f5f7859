import type { IssuerSubject, PersonKey, StepUp, Vote, VoteBody } from '#contracts';
import { isConfirmed, isSignedInTime } from '#trust';

/** What a vote must be about, taken from the frozen evidence and never from the vote. */
export interface AboutVote {
  gate: string;
  action_id: string;
  action_digest: string;
  plan_digest: string;
  view_digest: string;
  variant: string;
}

export interface Proven {
  /** Undefined where the signature is not by the key, or nobody vouches for the key. */
  vote: Vote | undefined;
  key: PersonKey | undefined;
  /** Of the person who calls. */
  identities: readonly IssuerSubject[];
  receivedAt: string;
}

/** Why a vote is not proven; undefined when it is: this person's living key signed exactly what the body says, about exactly this. */
export function whyNotProven(body: VoteBody, about: AboutVote, { identities, key, receivedAt, vote }: Proven): string | undefined {
  if (vote === undefined || key === undefined) return 'the vote is not signed by a registered key: sign in again';
  if (!identities.some(({ iss, sub }) => iss === key.iss && sub === key.sub)) return 'the key is of somebody else';
  if (!isSignedInTime(vote, key, receivedAt)) return 'the key is over, or the vote is not of now: sign in again';
  const isAboutThis = Object.entries(about).every(([name, value]) => vote[name as keyof AboutVote] === value);
  return isAboutThis && saysTheSame(body, vote) ? undefined : 'what was signed is another vote';
} // prettier-ignore

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
