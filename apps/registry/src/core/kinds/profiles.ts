import { issuerKinds } from '#contracts';
import { mismatch, none, registrarsOnly, type KindRule } from '../kind-rule.js';

export const profiles: KindRule<'profiles'> = {
  writers: registrarsOnly,
  references: ({ target: id }) => [{ kind: 'targets', id }],
  claims: none,
  objection: ({ issuer, target, requires_person, min_quorum }, held) => {
    const needed = issuerKinds[issuer].target;
    if (held('targets', target)?.kind !== needed)
      return mismatch(`target: issuer "${issuer}" needs a target of kind "${needed}"`);
    return requires_person && min_quorum === 0
      ? mismatch('min_quorum: a profile that requires a person has at least 1')
      : undefined;
  },
};
