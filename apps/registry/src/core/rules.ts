import type { RegistryKind } from '#contracts';
import type { KindRule } from './kind-rule.js';
import { actionTypes } from './kinds/action-types.js';
import { agents } from './kinds/agents.js';
import { counterparties } from './kinds/counterparties.js';
import { groups } from './kinds/groups.js';
import { incidents } from './kinds/incidents.js';
import { people } from './kinds/people.js';
import { profiles } from './kinds/profiles.js';
import { resources } from './kinds/resources.js';
import { targets } from './kinds/targets.js';

const rules: { [K in RegistryKind]: KindRule<K> } = {
  agents,
  people,
  groups,
  'action-types': actionTypes,
  resources,
  counterparties,
  incidents,
  profiles,
  targets,
};

export function ruleOf<K extends RegistryKind>(kind: K): KindRule<K> {
  return rules[kind];
}
