import type { IssuerSubject } from '#contracts';
import { mismatch, person, registrarsOnly, repeated, type KindRule } from '../kind-rule.js';

export const identityClaim = ({ iss, sub }: IssuerSubject): string => `identity:${JSON.stringify([iss, sub])}`;

export const people: KindRule<'people'> = {
  writers: registrarsOnly,
  references: ({ manager }) => (manager === undefined ? [] : [person(manager)]),
  claims: ({ identities }) => identities.map(identityClaim),
  objection: ({ identities, limits }) => {
    if (repeated(identities.map(identityClaim)) !== undefined) return mismatch('identities: one occurs twice');
    const twice = repeated(limits.map(({ currency }) => currency));
    return twice === undefined ? undefined : mismatch(`limits: ${twice} occurs twice`);
  },
};
