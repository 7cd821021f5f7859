import type { IssuerSubject, Known } from '#contracts';

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
