import type { Known, Person, Plan, Stage, VoteBody } from '#contracts';
import type { Held } from './approval.js';
import { deciderOf, type Decider } from './decider.js';
import { chainOf, type Circle } from './eligibility.js';

export const idp = 'https://idp.example';
export const agentId = 'migrator-1';
const since = '2026-01-01T00:00:00.000Z';

/** An instant `seconds` after noon. */
export const at = (seconds: number): Date => new Date(Date.UTC(2026, 4, 4, 12, 0, seconds));

export const stageOf = (more: Partial<Stage> = {}): Stage => ({
  stage: 1,
  ...(more.from === undefined && { group: 'dba' }),
  quorum: 1,
  confirmations: [],
  ...more,
});

export const planOf = (stages: Stage[], more: Partial<Plan> = {}): Plan => ({
  stages,
  excluded: [],
  deadline_at: at(3_600).toISOString(),
  step_up: false,
  ...more,
});

export const personOf = (id: string, spec: Partial<Person> = {}): Known<'people'> => ({
  kind: 'people',
  id,
  version: 1,
  changed_by: 'rita',
  changed_at: since,
  spec: {
    identities: [{ iss: idp, sub: `sub-${id}` }],
    name: id,
    limits: [],
    state: 'active',
    mail: `${id}@example.test`,
    ...spec,
  },
});

export const decider = (id: string, spec: Partial<Person> = {}): Decider => deciderOf(personOf(id, spec));

export const groupOf = (id: string, members: string[], version = 1): Known<'groups'> => ({
  kind: 'groups',
  id,
  version,
  changed_by: 'rita',
  changed_at: since,
  spec: { members, channel: { mail: `${id}@example.test` } },
});

/** Owned by `olga`, registered by `rita`, acting for `paul`. */
export const agentOf = (more: Partial<Known<'agents'>['spec']> = {}, version = 1): Known<'agents'> => ({
  kind: 'agents',
  id: agentId,
  version,
  changed_by: 'rita',
  changed_at: since,
  spec: {
    jwks: { keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43), kid: 'A'.repeat(43), use: 'sig' }] },
    owner: 'olga',
    principals: ['paul'],
    scope: [],
    limits: [],
    requests_per_minute: 600,
    // The rows of all cases of a spec count.
    most_waiting: { in_all: 100_000 },
    environment: 'production',
    state: 'active',
    ...more,
  },
});

export function circleOf(plan: Plan, groups: Known<'groups'>[], agents = [agentOf()]): Circle {
  const known = new Map(groups.map((group) => [group.id, group]));
  return { plan, chain: chainOf(agents, undefined), groups: known, given: [], givers: new Map() };
}

export const heldOf = (more: Partial<Held> = {}): Held => ({
  actionId: '01975f3a-7c00-7b1e-8d2f-3a4b5c6d7e8f',
  agentId,
  actionDigest: viewDigest,
  state: 'open',
  version: 1,
  planNo: 1,
  stage: 1,
  openStages: [more.stage ?? 1],
  beganAt: at(0),
  escalated: [],
  deadlineAt: at(3_600),
  summary: undefined,
  traceparent: undefined,
  now: at(0),
  ...more,
});

export const viewDigest = `sha256:${'A'.repeat(43)}`;

export const bodyOf = (more: Partial<VoteBody> = {}): VoteBody => ({
  decision: 'approve',
  reason: 'looked at it',
  view_digest: viewDigest,
  confirmed: [],
  ...more,
});
