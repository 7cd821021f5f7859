import { expect, it } from '@jest/globals';
import type { Verdict } from '#contracts';
import { audienceOf } from './audience.js';
import { dueMessages, type Followed } from './told.js';

const frozen = JSON.stringify({
  subject: { type: 'agent', id: 'migrator-1' },
  action: { name: 'db.schema.migrate', properties: {} },
  resource: { type: 'postgres.database', id: 'prod/orders' },
  context: { justification: 'j' },
  requested_access: { profile: 'orders-ddl', ttl_seconds: 60 },
});
const stage = (number: number, group: string) => ({ stage: number, group, quorum: 1, confirmations: [] });
const verdict: Pick<Verdict, 'plan' | 'obligations' | 'findings' | 'code'> = {
  code: 'approved',
  obligations: { notify: [] },
  findings: [],
  plan: {
    stages: [stage(1, 'dba'), stage(2, 'security')],
    veto: ['soc-lead'],
    excluded: [],
    deadline_at: '2026-11-21T23:00:00.000Z',
    step_up: false,
  },
};

it('a group with a veto is told when the request opens and how it ended', () => {
  const audience = audienceOf(verdict, frozen);
  const followed: Followed = {
    actionId: 'a', state: 'pending', code: null, stages: audience?.stages ?? [], notify: [], emergency: null, openStage: 1,
    escalated: [], replaced: 0, reviewGroup: null,
  }; // prettier-ignore
  const told = (more: Partial<Followed>) => dueMessages({ ...followed, ...more }).map(({ group }) => group);
  expect(told({})).toEqual(['dba', 'soc-lead']);
  expect(told({ openStage: 2 })).toEqual(['security']);
  expect(told({ state: 'denied', openStage: null })).toEqual(['dba', 'security', 'soc-lead']);
});

it('people whom a stage names are told by name, and all at once where all stages are', () => {
  const from = [{ group: 'shop', owner_of: 'prod/orders' }, { person: 'maya', manager_of: 'paul' }]; // prettier-ignore
  const second = { stage: 2, from, quorum: 1, confirmations: [], escalate: { after_seconds: 60, to: 'lead' } };
  const plan = { ...verdict.plan!, veto: ['legal'], stages: [stage(1, 'dba'), second] };
  const told = (parallel: boolean) =>
    audienceOf({ ...verdict, plan: { ...plan, ...(parallel && { parallel }) } }, frozen)?.stages;
  expect(told(false)).toEqual([
    { stage: 1, group: 'dba' },
    { stage: 2, group: 'shop' },
    { stage: 2, group: 'person:maya' },
    { stage: 2, group: 'lead', next: true },
    { stage: 1, group: 'legal' },
  ]);
  expect(told(true)?.map((one) => one.stage)).toEqual([1, 1, 1, 1, 1]);
});
