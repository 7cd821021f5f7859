import { z } from 'zod';
import { entryId, instant } from '../ids.js';
import { actionType, type ActionType, type RowsSummary } from './action-types.js';
import { agent, type Agent, type AgentKey } from './agents.js';
import { counterparty, type Counterparty } from './counterparties.js';
import { group, type Group } from './groups.js';
import { incident, type Incident } from './incidents.js';
import { applyOrder, builtInGroups, registryKind, registryKinds, type RegistryKind } from './kinds.js';
import { person, type Person } from './people.js';
import { profile, type Profile } from './profiles.js';
import { changeWindow, resource, type ChangeWindow, type Resource } from './resources.js';
import { target, type Target } from './targets.js';

export const specs = {
  agents: agent,
  people: person,
  groups: group,
  'action-types': actionType,
  resources: resource,
  counterparties: counterparty,
  incidents: incident,
  profiles: profile,
  targets: target,
} satisfies Record<RegistryKind, z.ZodType>;

export type SpecOf<K extends RegistryKind> = z.infer<(typeof specs)[K]>;

/** The payload of a signed entry (purpose `registry`). `spec` is absent in a deletion, which is a version too. */
export const registryEntry = z.strictObject({
  gate: z.string(),
  kind: registryKind,
  id: entryId,
  version: z.int().positive(),
  deleted: z.boolean(),
  spec: z.unknown().optional(),
  /** The person who made this version; `bootstrap` for the first file, `service:<name>` for a suspension on behalf of /stop. */
  changed_by: z.string(),
  changed_at: instant,
});
export type RegistryEntry = z.infer<typeof registryEntry>;

/** A live entry of one kind, as services use it. */
export interface Known<K extends RegistryKind> {
  kind: K;
  id: string;
  version: number;
  changed_by: string;
  changed_at: string;
  spec: SpecOf<K>;
}

export {
  actionType, agent, applyOrder, builtInGroups, changeWindow, counterparty, group, incident, person, profile, registryKind,
  registryKinds, resource, target,
  type ActionType, type Agent, type AgentKey, type ChangeWindow, type Counterparty, type Group, type Incident,
  type Person, type Profile, type RegistryKind, type Resource, type RowsSummary, type Target,
}; // prettier-ignore
export { issuerKinds, type IssuerKind } from './profiles.js';
export { Crowd, waitingLimits, type Waiting, type WaitingLimits } from './waiting.js';
