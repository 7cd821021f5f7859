import { describe, expect, it } from '@jest/globals';
import type { ApprovalState } from './approval.js';
import { askedToEnd, expire, suspended, unreadable } from './endings.js';
import { at, heldOf } from './plan.fixture.js';

const states: ApprovalState[] = ['open', 'granted', 'denied', 'expired', 'cancelled'];

describe('silence', () => {
  it.each<[string, Date, ReturnType<typeof expire>]>([
    ['before the deadline', at(3_599), 'not_yet'],
    ['at the deadline', at(3_600), { state: 'expired', code: 'approval_expired' }],
    ['after it', at(3_601), { state: 'expired', code: 'approval_expired' }],
  ])('%s', (_, now, expected) => {
    expect(expire(heldOf({ now }))).toEqual(expected);
  });

  it.each(states.filter((state) => state !== 'open'))('changes nothing that is %s', (state) => {
    expect(expire(heldOf({ state, now: at(9_999) }))).toBe('nothing');
  });
});

describe('an ask to end', () => {
  it.each<[ApprovalState, ReturnType<typeof askedToEnd>]>([
    ['open', { act: 'end', ending: { state: 'cancelled', code: 'withdrawn' } }],
    ['granted', { act: 'pass_on' }],
    ['denied', { act: 'nothing' }],
    ['expired', { act: 'nothing' }],
    ['cancelled', { act: 'nothing' }],
  ])('meets %s', (state, expected) => {
    expect(askedToEnd(heldOf({ state }), 'withdrawn')).toEqual(expected);
  });
});

it.each(states)('a suspension ends what is open and leaves what is %s', (state) => {
  expect(suspended(heldOf({ state }))?.code).toBe(state === 'open' ? 'agent_suspended' : undefined);
});

it.each(states)('an unreadable event denies what is open and leaves what is %s', (state) => {
  expect(unreadable(heldOf({ state }))?.code).toBe(state === 'open' ? 'engine_error' : undefined);
});
