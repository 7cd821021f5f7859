import { describe, expect, it } from '@jest/globals';
import { digestOfBytes } from './canonical.js';
import { makeAgentKey, makeGate } from './gate.fixture.js';
import type { SigningKey } from './jwk.js';
import { signCompact } from './jws.js';
import { signPersonKey, signVote } from './person-key.js';
import { signDelegation } from './delegation.js';
import { actionId, at, delegationTo, digest, voteOf } from './plan.fixture.js';
import { verifyVote } from './votes.js';

const gate = makeGate();
const approvals = gate.keyring('approvals');
const { vote, counting, key: stated } = voteOf('ann');
const expected = { actionId, actionDigest: digest, planDigest: digest };
const otherDigest = `sha256:${'B'.repeat(43)}`;
const ann = makeAgentKey('P-256');
const { iss, sub, until } = stated;
const said = { thumbprint: ann.kid, iss, sub, until };

function cast(moreVote: object = {}, moreCounting: object = {}, by: { key?: SigningKey; statement?: string } = {}) {
  const jws = signVote(by.key ?? ann, { ...vote, ...moreVote });
  const count = { ...counting, proof_digest: digestOfBytes(jws), ...moreCounting };
  return {
    vote: jws,
    counting: approvals.sign('vote', count, 'sallyport-counting+jws'),
    person_key: by.statement ?? signPersonKey(gate.keyring('credentials'), said),
  };
}

describe('verifyVote', () => {
  it('gives back what was voted and where it counts', () => {
    const result = verifyVote(gate.trust, cast(), expected);
    expect(result.ok && result.vote.vote).toEqual(vote);
    expect(result.ok && result.vote.counting.seat).toEqual(counting.seat);
  });

  it.each<[string, object, object]>([
    ['another action', { action_id: '01938a1e-7c00-7000-8000-000000000002' }, {}],
    ['another action digest', { action_digest: otherDigest }, {}],
    ['another plan', { plan_digest: otherDigest }, {}],
    ['another gate', { gate: 'other.example' }, {}],
    ['a counting for another action', {}, { action_id: '01938a1e-7c00-7000-8000-000000000002' }],
    ['a counting of another vote', {}, { proof_digest: otherDigest }],
    ['a counting of another gate', {}, { gate: 'other.example' }],
    ['something more', { more: 1 }, {}],
    ['a vote from before its key', { iat: said.until - 8 * 3_600 - 301 }, {}],
    ['a vote that was signed long before it was received', { iat: vote.iat - 301 }, {}],
    ['a vote that was received after the end of its key', { iat: said.until }, { received_at: at(28_800) }],
  ])('refuses %s', (_, moreVote, moreCounting) => {
    expect(verifyVote(gate.trust, cast(moreVote, moreCounting), expected).ok).toBe(false);
  });

  it('refuses a vote by a key that credentials does not vouch for', () => {
    const own = makeAgentKey('P-256');
    expect(verifyVote(gate.trust, cast({}, {}, { key: own }), expected).ok).toBe(false);
    const { person_key, ...unvouched } = cast();
    expect(verifyVote(gate.trust, { ...unvouched, person_key }, expected).ok).toBe(true);
    expect(verifyVote(gate.trust, unvouched, expected).ok).toBe(false);
    const forged = { ...said, thumbprint: own.kid, gate: 'gate.test.example' };
    const statement = signCompact(own, { kid: own.kid, typ: 'sallyport-person-key+jws' }, JSON.stringify(forged));
    expect(verifyVote(gate.trust, cast({}, {}, { key: own, statement }), expected).ok).toBe(false);
  });

  it('refuses a vote that approvals signed itself, in whatever name', () => {
    const { kid } = approvals.keyFor('vote');
    const { person_key } = cast();
    const jws = approvals.sign('vote', vote, 'sallyport-counting+jws');
    const count = { ...counting, proof_digest: digestOfBytes(jws) };
    const counted = { vote: jws, counting: approvals.sign('vote', count, 'sallyport-counting+jws'), person_key };
    expect(verifyVote(gate.trust, counted, expected).ok).toBe(false);
    const statement = approvals.sign(
      'vote',
      { ...said, gate: 'gate.test.example', thumbprint: kid },
      'sallyport-counting+jws',
    );
    expect(verifyVote(gate.trust, { ...counted, person_key: statement }, expected).ok).toBe(false);
  });

  it('refuses the parts the wrong way round, and those of another service', () => {
    const { vote: v, counting: c, person_key } = cast();
    expect(verifyVote(gate.trust, { vote: c, counting: v, person_key }, expected).ok).toBe(false);
    expect(verifyVote(gate.trust, { vote: v, counting: v, person_key }, expected).ok).toBe(false);
    expect(verifyVote(gate.trust, { vote: v, counting: c, person_key: c }, expected).ok).toBe(false);
    expect(verifyVote(makeGate().trust, { vote: v, counting: c, person_key }, expected).ok).toBe(false);
  });

  describe('on a seat that was given away', () => {
    const bob = makeAgentKey('P-256');
    const person_key = signPersonKey(gate.keyring('credentials'), { ...said, thumbprint: bob.kid, sub: 'bob' });
    const delegated = { by: { id: 'bob', version: 1 }, given_at: at(5) };
    const sign = (more: object = {}, key = bob) => ({
      delegation: signDelegation(key, { ...delegationTo('ann'), ...more }),
      person_key,
    });
    const holds = (given: ReturnType<typeof sign> | undefined, count: object = { delegated }) =>
      verifyVote(gate.trust, { ...cast({}, count), ...(given && { delegated: given }) }, expected).ok;

    it('holds with what its giver signed, for this person, plan and time', () => {
      expect(holds(sign())).toBe(true);
    });

    it.each<[string, ReturnType<typeof sign> | undefined, object?]>([
      ['nothing that the giver signed', undefined],
      ['a counting that does not name the giver', sign(), {}],
      ['a seat of another person', sign({ to: 'eve' })],
      ['a seat in another action', sign({ action_id: '01938a1e-7c00-7000-8000-000000000002' })],
      ['other bytes', sign({ action_digest: otherDigest })],
      ['another plan', sign({ plan_digest: otherDigest })],
      ['another gate', sign({ gate: 'other.example' })],
      ['a time that is over', sign({ until: at(10) })],
      ['another key than the stated one', sign({}, ann)],
      ['a seat that was given after the vote', sign(), { delegated: { ...delegated, given_at: at(11) } }],
      ['a key that was over when it was given', sign({ iat: said.until }), { delegated: { ...delegated, given_at: at(28_800) }, received_at: at(28_801) }],
      ['a signature of long before it was given', sign({ iat: vote.iat - 301 })],
    ])('falls with %s', (...[, given, count]) => {
      expect(holds(given, count)).toBe(false);
    }); // prettier-ignore

    it('is given by no vote, and no vote is given by it', () => {
      const asVote = { delegation: signVote(bob, vote), person_key };
      expect(holds(asVote)).toBe(false);
      const statement = signPersonKey(gate.keyring('credentials'), { ...said, thumbprint: bob.kid });
      const jws = sign().delegation;
      const count = { ...counting, proof_digest: digestOfBytes(jws) };
      const counted = approvals.sign('vote', count, 'sallyport-counting+jws');
      expect(verifyVote(gate.trust, { vote: jws, counting: counted, person_key: statement }, expected).ok).toBe(false);
    });
  });
});
