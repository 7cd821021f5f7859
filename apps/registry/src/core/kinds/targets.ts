import { keyObjection } from '../public-key.js';
import { mismatch, none, registrarsOnly, repeated, type KindRule } from '../kind-rule.js';

export const targets: KindRule<'targets'> = {
  writers: registrarsOnly,
  references: none,
  claims: none,
  objection: (target) => {
    if (target.kind === 'postgres') return undefined;
    if (!/^https?:\/\/[^?#]*$/u.test(target.base_url))
      return mismatch('base_url: an http or https URL without query and fragment');
    const twice = repeated(target.jwks.keys.map(({ kid }) => kid));
    return twice === undefined ? keyObjection(target.jwks.keys) : mismatch(`jwks.keys: ${twice} occurs twice`);
  },
};
