import type { IssuerSubject, Known, Stage } from '#contracts';

/** A person as deciding needs them. All linked identities are this one person. */
export interface Decider {
  id: string;
  version: number;
  active: boolean;
  identities: IssuerSubject[];
  limits: { amount_minor: number; currency: string }[];
}

export function deciderOf(person: Known<'people'>): Decider {
  const { identities, limits, state } = person.spec;
  return { id: person.id, version: person.version, active: state === 'active', identities, limits };
}

/** Is this vote theirs? Whoever has cast it: this person, or somebody who has one of their identities now. */
export function hasCast(person: Pick<Decider, 'id' | 'identities'>, vote: { person: string; by: IssuerSubject | undefined }): boolean {
  const { by } = vote;
  return vote.person === person.id || person.identities.some(({ iss, sub }) => iss === by?.iss && sub === by.sub);
} // prettier-ignore

/** Does the delegated limit of this person reach what the stage asks for? Limits of another currency count for nothing. */
export function coversLimit(person: Pick<Decider, 'limits'>, stage: Pick<Stage, 'min_limit'>): boolean {
  const least = stage.min_limit;
  if (least === undefined) return true;
  return person.limits.some((own) => own.currency === least.currency && own.amount_minor >= least.amount_minor);
}
