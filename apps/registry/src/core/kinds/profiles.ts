import { mismatch, none, registrarsOnly, type KindRule } from '../kind-rule.js';

const targetKind = { token: 'tool', 'postgres-role': 'postgres' } as const;

export const profiles: KindRule<'profiles'> = {
  writers: registrarsOnly,
  references: ({ target: id }) => [{ kind: 'targets', id }],
  claims: none,
  objection: ({ issuer, target, requires_person, min_quorum }, held) => {
    const kind = held('targets', target)?.kind;
    if (kind !== targetKind[issuer])
      return mismatch(`target: issuer "${issuer}" needs a target of kind "${targetKind[issuer]}"`);
    return requires_person && min_quorum === 0
      ? mismatch('min_quorum: a profile that requires a person has at least 1')
      : undefined;
  },
};
