import { describe, expect, it } from '@jest/globals';
import { makeGate } from './gate.fixture.js';
import { isReplayOf, signReplay, type SaidReplay } from './replay.js';

const gate = makeGate();
const at = new Date('2026-11-24T10:00:00.500Z');
const said: SaidReplay = {
  action_id: '01938a1e-7c00-7000-8000-000000000001',
  agent_id: 'refunder-1',
  lease_id: '01938a1e-7c00-7000-8000-000000000002',
  why: 'other_key',
  jkt: 'A'.repeat(43),
  ends: true,
};
const sign = (by = gate): string => signReplay(by.keyring('credentials'), said, at);

describe('the word that a lease was redeemed once more', () => {
  it('is about the lease, the key and the reason that it names', () => {
    expect(isReplayOf(gate.trust, sign(), said)).toBe(true);
  });

  it.each<[keyof SaidReplay, Partial<SaidReplay>]>([
    ['action_id', { action_id: '01938a1e-7c00-7000-8000-000000000003' }],
    ['agent_id', { agent_id: 'refunder-2' }],
    ['lease_id', { lease_id: '01938a1e-7c00-7000-8000-000000000003' }],
    ['why', { why: 'too_late' }],
    ['jkt', { jkt: 'B'.repeat(43) }],
    ['ends', { ends: false }],
  ])('proves nothing about another %s', (_, other) => {
    expect(isReplayOf(gate.trust, sign(), { ...said, ...other })).toBe(false);
  });

  it('is of this gate, and signed by its credentials as such a word', () => {
    expect(isReplayOf(gate.trust, sign(makeGate()), said)).toBe(false);
    const statement = { gate: gate.trust.gate, ...said, iat: 1_795_000_000 };
    const credentials = gate.keyring('credentials');
    expect(isReplayOf(gate.trust, credentials.sign('lease', statement, 'sallyport-replay+jws'), said)).toBe(true);
    expect(isReplayOf(gate.trust, credentials.sign('lease', statement), said)).toBe(false);
    const elsewhere = credentials.sign('lease', { ...statement, gate: 'other.example' }, 'sallyport-replay+jws');
    expect(isReplayOf(gate.trust, elsewhere, said)).toBe(false);
  });
});
