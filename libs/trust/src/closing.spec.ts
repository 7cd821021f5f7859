import { describe, expect, it } from '@jest/globals';
import type { Closing } from '#contracts';
import { isClosingOf, type SaidClosing } from './closing.js';
import { makeGate } from './gate.fixture.js';

const gate = makeGate();
const said: SaidClosing = {
  action_id: '01938a1e-7c00-7000-8000-000000000001',
  agent_id: 'defender-1',
  review_id: '01938a1e-7c00-7000-8000-000000000002',
  rule: 'EMERG-001',
  group: 'soc-lead',
  verdict: 'fit',
  reason: 'as the playbook says',
  by: 'sonia',
  closed_at: '2026-11-24T10:00:00.000Z',
};
const statement: Closing = { gate: gate.trust.gate, ...said, iat: 1_795_000_000 };
const sign = (payload: object, by = gate): string =>
  by.keyring('approvals').sign('vote', payload, 'sallyport-closing+jws');

describe('a closing', () => {
  it('is of the review that it names', () => {
    expect(isClosingOf(gate.trust, sign(statement), said)).toBe(true);
  });

  it.each<[keyof SaidClosing, Partial<SaidClosing>]>([
    ['action_id', { action_id: '01938a1e-7c00-7000-8000-000000000003' }],
    ['agent_id', { agent_id: 'defender-2' }],
    ['review_id', { review_id: '01938a1e-7c00-7000-8000-000000000003' }],
    ['rule', { rule: 'EMERG-002' }],
    ['group', { group: 'dba' }],
    ['verdict', { verdict: 'unfit' }],
    ['reason', { reason: '' }],
    ['by', { by: 'sam' }],
    ['closed_at', { closed_at: '2026-11-25T10:00:00.000Z' }],
  ])('proves nothing about another %s', (_, other) => {
    expect(isClosingOf(gate.trust, sign(statement), { ...said, ...other })).toBe(false);
  });

  it('is of this gate, and signed by its approvals as a closing', () => {
    expect(isClosingOf(gate.trust, sign({ ...statement, gate: 'other.example' }), said)).toBe(false);
    expect(isClosingOf(gate.trust, sign(statement, makeGate()), said)).toBe(false);
    const approvals = gate.keyring('approvals');
    for (const typ of ['sallyport-counting+jws', 'sallyport-granting+jws'] as const) {
      expect(isClosingOf(gate.trust, approvals.sign('vote', statement, typ), said)).toBe(false);
    }
    expect(isClosingOf(gate.trust, gate.keyring('policy').sign('verdict', statement), said)).toBe(false);
  });
});
