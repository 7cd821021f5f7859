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
    replaced: 0, reviewGroup: null,
  }; // prettier-ignore
  const told = (more: Partial<Followed>) => dueMessages({ ...followed, ...more }).map(({ group }) => group);
  expect(told({})).toEqual(['dba', 'soc-lead']);
  expect(told({ openStage: 2 })).toEqual(['security']);
  expect(told({ state: 'denied', openStage: null })).toEqual(['dba', 'security', 'soc-lead']);
});
