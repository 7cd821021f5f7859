import { describe, expect, it } from '@jest/globals';
import type { CountedVote, Granting } from '#contracts';
import type { Passage } from './chain.js';
import { makeGate } from './gate.fixture.js';
import { isGrantedWith, readGranting, votesNamed } from './granting.js';
import { planDigest } from './plan.js';
import { actionId, digest, planOf, stageOf } from './plan.fixture.js';

const gate = makeGate();
const subject = { actionId, agentId: 'refunder-1' };
const plan = planOf([stageOf({ quorum: 2 })]);
const votes: CountedVote[] = ['one', 'two'].map((vote) => ({ vote, counting: 'counting' }));
const granting: Granting = {
  gate: gate.trust.gate,
  action_id: actionId,
  agent_id: subject.agentId,
  action_digest: digest,
  plan_digest: planDigest(plan),
  votes: votesNamed(votes),
  granted_at: '2026-11-24T10:00:00.000Z',
  iat: 1_795_000_000,
};
const sign = (payload: object, by = gate): string =>
  by.keyring('approvals').sign('vote', payload, 'sallyport-granting+jws');

describe('a granting', () => {
  it('says that approvals handed on this action of this agent', () => {
    expect(readGranting(gate.trust, sign(granting), subject)).toEqual(granting);
  });

  it('says nothing about another action or agent, and nothing that approvals of this gate did not sign as such', () => {
    const reads = (jws: string, about = subject): boolean => readGranting(gate.trust, jws, about) !== undefined;
    expect(reads(sign(granting), { ...subject, actionId: '01938a1e-7c00-7000-8000-000000000002' })).toBe(false);
    expect(reads(sign(granting), { ...subject, agentId: 'refunder-2' })).toBe(false);
    expect(reads(sign({ ...granting, gate: 'other.example' }))).toBe(false);
    expect(reads(sign(granting, makeGate()))).toBe(false);
    const approvals = gate.keyring('approvals');
    for (const typ of ['sallyport-counting+jws', 'sallyport-closing+jws'] as const) {
      expect(reads(approvals.sign('vote', granting, typ))).toBe(false);
    }
    expect(reads(gate.keyring('policy').sign('verdict', granting))).toBe(false);
  });

  it('fits only the bytes, the plan and exactly the votes that it names', () => {
    // Of the passage only these two are read; the signatures inside have specs of their own.
    const passageWith = (more: Partial<Passage> = {}) => ({ actionDigest: digest, plan, ...more });
    const [first, second] = votes as [CountedVote, CountedVote];
    expect(isGrantedWith(granting, passageWith(), votes)).toBe(true);
    expect(isGrantedWith(granting, passageWith({ actionDigest: `sha256:${'B'.repeat(43)}` }), votes)).toBe(false);
    expect(isGrantedWith(granting, passageWith({ plan: planOf([stageOf()]) }), votes)).toBe(false);
    expect(isGrantedWith(granting, passageWith({ plan: undefined }), votes)).toBe(false);
    expect(isGrantedWith(granting, passageWith(), [first])).toBe(false);
    expect(isGrantedWith(granting, passageWith(), [first, first])).toBe(false);
    expect(isGrantedWith(granting, passageWith(), [first, second, first])).toBe(false);
  });
});
