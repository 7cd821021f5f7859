import { mismatch, none, person, registrarsOnly, repeated, type KindRule } from '../kind-rule.js';

export const groups: KindRule<'groups'> = {
  writers: registrarsOnly,
  references: ({ members }) => members.map(person),
  claims: none,
  objection: ({ members }) => {
    const twice = repeated([...members].sort());
    return twice === undefined ? undefined : mismatch(`members: ${twice} occurs twice`);
  },
};
