import { mismatch, none, registrarsOnly, repeated, type KindRule } from '../kind-rule.js';

export const counterparties: KindRule<'counterparties'> = {
  writers: registrarsOnly,
  references: none,
  claims: none,
  objection: ({ entitlements }) => {
    const wrong = entitlements.find((one) => one !== 'secret' && !/^[^#]+#[^#]+$/u.test(one));
    if (wrong !== undefined) return mismatch(`entitlements: ${wrong} is neither <resource id>#<field> nor "secret"`);
    const twice = repeated(entitlements);
    return twice === undefined ? undefined : mismatch(`entitlements: ${twice} occurs twice`);
  },
};
