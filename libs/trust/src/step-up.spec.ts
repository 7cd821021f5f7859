import { describe, expect, it } from '@jest/globals';
import type { StepUp, StepUpAbout } from '#contracts';
import { makeGate } from './gate.fixture.js';
import { actionId, at, digest, factsOf, groupOf, personOf, planOf, stageOf, voteOf } from './plan.fixture.js';
import { satisfies } from './satisfies.js';
import { isConfirmed, readStepUp, signStepUp, stepUpChallenge, stepUpSeconds } from './step-up.js';

const gate = makeGate();
const other = `sha256:${'B'.repeat(43)}`;
const nonce = (letter: string): string => letter.repeat(43);
const about: StepUpAbout = {
  gate: 'gate.test.example', decision: 'approve', action_id: actionId, action_digest: digest, plan_digest: digest, view_digest: digest,
  nonce: nonce('N'),
}; // prettier-ignore
const assertion = { credential_id: 'k', authenticator_data: 'a', client_data: 'c', signature: 's' };
const by = (sub: string, more: Partial<StepUp> = {}): StepUp => ({
  ...about, iss: 'https://idp.example', sub, assertion, confirmed_at: at(5), ...more,
}); // prettier-ignore

const otherwise: [string, Partial<StepUpAbout>][] = [
  ['another gate', { gate: 'other.example' }],
  ['the opposite decision', { decision: 'deny' }],
  ['another action', { action_id: '01938a1e-7c00-7000-8000-000000000002' }],
  ['other bytes', { action_digest: other }],
  ['another plan', { plan_digest: other }],
  ['another view', { view_digest: other }],
];

describe('what a security key signs', () => {
  it.each([...otherwise, ['another moment', { nonce: nonce('M') }] as [string, Partial<StepUpAbout>]])('is another challenge for %s', (_, more) => {
    expect(stepUpChallenge({ ...about, ...more })).not.toBe(stepUpChallenge(about));
  }); // prettier-ignore

  it('is a digest of 32 bytes over exactly that', () => {
    expect(Buffer.from(stepUpChallenge(about), 'base64url')).toHaveLength(32);
    expect(stepUpChallenge(by('ann'))).toBe(stepUpChallenge(about));
  });
});

describe('a confirmation', () => {
  const { vote } = voteOf('ann');
  it('is of this vote', () => {
    expect(isConfirmed(vote, by('ann'), at(10))).toBe(true);
  });

  it.each(otherwise)('is not of a vote on %s', (_, more) => {
    expect(isConfirmed(vote, by('ann', more), at(10))).toBe(false);
  });

  it('is over after minutes, and not from the future', () => {
    expect(isConfirmed(vote, by('ann'), at(5 + stepUpSeconds))).toBe(true);
    expect(isConfirmed(vote, by('ann'), at(6 + stepUpSeconds))).toBe(false);
    expect(isConfirmed(vote, by('ann', { confirmed_at: at(71) }), at(10))).toBe(false);
  });

  it('is stated by credentials and by nobody else', () => {
    const said = by('ann');
    expect(readStepUp(gate.trust, signStepUp(gate.keyring('credentials'), said))).toEqual(said);
    expect(readStepUp(gate.trust, signStepUp(makeGate().keyring('credentials'), said))).toBeUndefined();
    const asKey = gate.keyring('credentials').sign('person-key', by('ann'));
    expect(readStepUp(gate.trust, asKey)).toBeUndefined();
    const byApprovals = gate.keyring('approvals').sign('vote', by('ann'), 'sallyport-counting+jws');
    expect(readStepUp(gate.trust, byApprovals)).toBeUndefined();
  });
});

describe('a plan that asks for it', () => {
  const plan = planOf([stageOf({ quorum: 2 })], { step_up: true });
  const facts = factsOf([groupOf('dba', ['ann', 'bob'])], [personOf('ann'), personOf('bob')]);
  const outcome = (...stepUps: (StepUp | undefined)[]) => {
    const votes = ['ann', 'bob'].map((person, n) => {
      const stepUp = stepUps[n];
      return { ...voteOf(person), ...(stepUp && { stepUp }) };
    });
    const result = satisfies(plan, votes, facts);
    return result.ok ? 'ok' : result.why;
  };

  it('is satisfied when each vote was confirmed by its own person', () => {
    expect(outcome(by('ann'), by('bob', { nonce: nonce('M') }))).toBe('ok');
  });

  it.each<[string, (StepUp | undefined)[], string]>([
    ['nobody confirmed', [undefined, undefined], 'step_up'],
    ['one confirmed', [by('ann'), undefined], 'step_up'],
    ['one confirmation stands beside two votes', [by('ann'), by('ann')], 'step_up'],
    ['somebody else confirmed', [by('ann'), by('cy', { nonce: nonce('M') })], 'quorum_missing'],
  ])('is not satisfied when %s', (_, stepUps, why) => {
    expect(outcome(...stepUps)).toBe(why);
  });
});
