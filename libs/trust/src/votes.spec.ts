import { describe, expect, it } from '@jest/globals';
import { digestOfBytes } from './canonical.js';
import { makeAgentKey, makeGate } from './gate.fixture.js';
import type { SigningKey } from './jwk.js';
import { signCompact } from './jws.js';
import { signPersonKey, signVote } from './person-key.js';
import { actionId, at, digest, voteOf } from './plan.fixture.js';
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
});
