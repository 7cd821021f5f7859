import { describe, expect, it } from '@jest/globals';
import { digestOfBytes } from './canonical.js';
import { makeGate } from './gate.fixture.js';
import { actionId, digest, voteOf } from './plan.fixture.js';
import { verifyVote } from './votes.js';

const gate = makeGate();
const approvals = gate.keyring('approvals');
const { vote, counting } = voteOf('ann');
const expected = { actionId, actionDigest: digest, planDigest: digest };
const otherDigest = `sha256:${'B'.repeat(43)}`;

function cast(moreVote: object = {}, moreCounting: object = {}) {
  const jws = approvals.sign('vote', { ...vote, ...moreVote }, 'sallyport-vote+jws');
  const count = { ...counting, proof_digest: digestOfBytes(jws), ...moreCounting };
  return { vote: jws, counting: approvals.sign('vote', count, 'sallyport-counting+jws') };
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
    ['a counting for another person', {}, { person: 'bob' }],
    ['a counting of another gate', {}, { gate: 'other.example' }],
    ['something more', { more: 1 }, {}],
  ])('refuses %s', (_, moreVote, moreCounting) => {
    expect(verifyVote(gate.trust, cast(moreVote, moreCounting), expected).ok).toBe(false);
  });

  it('refuses the parts the wrong way round, and those of another service', () => {
    const { vote: v, counting: c } = cast();
    expect(verifyVote(gate.trust, { vote: c, counting: v }, expected).ok).toBe(false);
    expect(verifyVote(gate.trust, { vote: v, counting: v }, expected).ok).toBe(false);
    expect(verifyVote(makeGate().trust, { vote: v, counting: c }, expected).ok).toBe(false);
  });
});
