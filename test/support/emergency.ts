import type { SpecOf } from '#contracts';
import type { Asked } from '#sdk';
import type { RunningGate } from './running-gate.js';

/** Declares it, and may therefore not close the reviews that follow from it. */
const declarer = 'sam';
const reviewer = 'dana';

/** A containment that a person decides, or the emergency rule while an incident is declared. */
export const quarantine: Asked = {
  action: { name: 'workload.quarantine', properties: { reason: 'it calls home' } },
  resource: { type: 'workload', id: 'workloads/web-1' },
  context: { justification: 'the sensor reports beaconing' },
  requested_access: { profile: 'quarantine', ttl_seconds: 300 },
};

/** Lets the first agent contain a workload, and declares an incident: from then on the emergency rule fires, once per review. */
export async function declareIncident(gate: RunningGate): Promise<void> {
  await gate.change('groups', 'soc-lead', (spec) => ({ ...spec, members: [declarer, reviewer] }));
  await gate.put('action-types', 'workload.quarantine', quarantineType);
  await gate.put('resources', 'workloads/web-1', workload);
  await gate.put('profiles', 'quarantine', quarantineProfile);
  await gate.change('agents', gate.agent(0).id, (spec) => ({
    ...spec,
    scope: [...spec.scope, { actions: ['workload.quarantine'], resources: ['workloads/*'] }],
  }));
  const ends_at = new Date(Date.now() + 600_000).toISOString();
  const body: SpecOf<'incidents'> = {
    severity: 'sev1',
    playbook: 'contain-workload',
    actions: ['workload.quarantine'],
    resources: ['workloads/web-1'],
    ends_at,
  };
  const answer = await gate.as(declarer, 'registry', '/v1/incidents/INC-1', { method: 'PUT', body });
  if (!answer.ok) throw new Error(`INC-1: ${String(answer.status)} ${await answer.text()}`);
}

/** A person who had no part in it looks at what the rule let through, and closes its review. */
export async function closeReview(gate: RunningGate, reviewId: string): Promise<void> {
  const body = { verdict: 'fit', reason: 'as the playbook says' };
  const answer = await gate.as(reviewer, 'approvals', `/v1/reviews/${reviewId}/close`, { method: 'POST', body });
  if (!answer.ok) throw new Error(`${reviewId}: ${String(answer.status)} ${await answer.text()}`);
}

const quarantineType: SpecOf<'action-types'> = {
  risk: 'high',
  view: 'quarantine this workload: {reason}',
  properties_schema: {
    type: 'object',
    additionalProperties: false,
    required: ['reason'],
    properties: { reason: { type: 'string', maxLength: 400 } },
  },
};

const workload: SpecOf<'resources'> = {
  type: 'workload',
  environment: 'production',
  owner_group: 'soc-lead',
  classification: 'internal',
  criticality: 'high',
  windows: [],
  fields: [],
};

const quarantineProfile: SpecOf<'profiles'> = {
  issuer: 'token',
  target: 'payment-tool',
  actions: ['workload.quarantine'],
  resources: ['workloads/*'],
  max_ttl_seconds: 600,
  uses: 1,
  requires_person: false,
  min_quorum: 0,
};
