import { describe, expect, it } from '@jest/globals';
import type { Plan } from '#contracts';
import { planDigest, sameConfirmations, samePlan } from './plan.js';
import { at, planOf, stageOf } from './plan.fixture.js';

const window = (value: unknown, seconds = 0) => ({
  id: 'window',
  text: 'inside the window',
  fact: { value, source: 'registry', at: at(seconds) },
});
const plan = planOf([stageOf({ confirmations: [window('mw-1')] })], {
  excluded: [{ person: 'a', why: 'owner' }, { person: 'b', why: 'registrar' }],
}); // prettier-ignore
const withStage = (more: Parameters<typeof stageOf>[0]): Plan =>
  planOf([stageOf({ confirmations: [window('mw-1')], ...more })], { excluded: plan.excluded });

describe('samePlan', () => {
  it('overlooks the deadline, the moment a fact was read, and the order of exclusions', () => {
    const later = planOf([stageOf({ confirmations: [window('mw-1', 60)] })], {
      excluded: plan.excluded.toReversed(), deadline_at: at(7_200), begins_at: at(60),
    }); // prettier-ignore
    expect(samePlan(plan, later)).toBe(true);
    expect(planDigest(plan)).not.toBe(planDigest(later));
  });

  it.each<[string, Plan]>([
    ['quorum', withStage({ quorum: 2 })],
    ['group', withStage({ group: 'security' })],
    ['limit', withStage({ min_limit: { amount_minor: 1, currency: 'EUR' } })],
    ['confirmed fact', withStage({ confirmations: [window('mw-2')] })],
    ['source of a fact', withStage({ confirmations: [{ ...window('mw-1'), fact: { value: 'mw-1', source: 'agent', at: at(0) } }] })],
    ['claim', withStage({ confirmations: [{ ...window('mw-1'), claim: 'x' }] })],
    ['points', withStage({ confirmations: [] })],
    ['exclusions', { ...plan, excluded: [] }],
    ['veto', { ...plan, veto: ['soc-lead'] }],
    ['step-up', { ...plan, step_up: true }],
    ['order', { ...plan, parallel: true }],
    ['source of people', planOf([{ ...stageOf({ from: [{ group: 'dba' }], confirmations: [window('mw-1')] }) }], { excluded: plan.excluded })],
    ['time of a stage', withStage({ deadline_seconds: 60 })],
    ['next group', withStage({ escalate: { after_seconds: 60, to: 'lead' } })],
    ['number of stages', { ...plan, stages: [...plan.stages, stageOf({ stage: 2 })] }],
  ])('sees another %s', (_, other) => {
    expect(samePlan(plan, other)).toBe(false);
  }); // prettier-ignore
});

describe('sameConfirmations', () => {
  it('holds when all that is to be confirmed now was confirmed beside the same facts', () => {
    expect(sameConfirmations(plan, withStage({ quorum: 2, confirmations: [window('mw-1', 60)] }))).toBe(true);
    expect(sameConfirmations(plan, withStage({ confirmations: [] }))).toBe(true);
  });

  it('does not hold for another fact under the same id, a new point, or another stage', () => {
    expect(sameConfirmations(plan, withStage({ confirmations: [window('mw-2')] }))).toBe(false);
    expect(sameConfirmations(plan, withStage({ confirmations: [window('mw-1'), { id: 'scope', text: 's' }] }))).toBe(
      false,
    );
    expect(sameConfirmations(plan, withStage({ stage: 2 }))).toBe(false);
  });
});
