import { none, type KindRule } from '../kind-rule.js';

/** Not even a registrar declares an incident: it opens the emergency rule. */
export const incidents: KindRule<'incidents'> = {
  writers: ['soc-lead'],
  references: none,
  claims: none,
  objection: () => undefined,
};
