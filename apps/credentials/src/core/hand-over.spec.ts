import { describe, expect, it } from '@jest/globals';
import { granting, type Granting, type Verdict } from '#contracts';
import { readPassage, type Passage } from '#trust';
import { aGranting, allowed, anAction, aPlan, aPlanned, aVerdict, aWorld, granted } from './evidence.fixture.js';
import { handedOverByApprovals, handedOverByPolicy } from './hand-over.js';

const world = aWorld();
const action = anAction(world, '019aaaaa-0000-7000-8000-000000000001');
const other = anAction(world, '019aaaaa-0000-7000-8000-000000000002');
const forged = { kind: 'forged' };

describe('an action that policy passes on', () => {
  const passage = readPassage(world.trust, allowed(world, action), action);

  it('is held here, with what came with it', () => {
    expect(passage).toBeDefined();
    expect(handedOverByPolicy(aVerdict(action), action, passage)).toEqual({
      kind: 'ours',
      actionDigest: action.digest,
      passage,
    });
  });

  it('is held here even if what came with the verdict does not belong to it: then it must end', () => {
    const doubtful = { kind: 'ours', actionDigest: action.digest, passage: undefined };
    expect(handedOverByPolicy(aVerdict(action), action)).toEqual(doubtful);
  });

  it.each<[string, Verdict | undefined]>([
    ['no verdict that verifies', undefined],
    ['a verdict on another action', aVerdict(other)],
    ['a verdict for another agent', aVerdict(action, { agent: { id: 'migrator-2', version: 1 } })],
    ['a verdict that asks for people', aPlanned(action)],
    ['a deny', aVerdict(action, { outcome: 'deny', code: 'policy_denied' })],
    ['an allow that was the answer to a vote', aVerdict(action, { purpose: 'vote' })],
    ['an allow that was the answer to a redeem', aVerdict(action, { purpose: 'redeem' })],
  ])('is not held here by %s: whoever holds it ends it', (_, verdict) => {
    expect(handedOverByPolicy(verdict, action)).toEqual(forged);
  });
});

describe('an action that approvals passes on', () => {
  const plan = aPlan();
  const evidence = granted(world, action, ['ada', 'bob'], plan);
  const votes = evidence.votes ?? [];
  const passage = readPassage(world.trust, evidence, action);
  const doubtful = { kind: 'ours', actionDigest: action.digest, passage: undefined };

  function signed(more: Partial<Granting> = {}): Granting {
    const jws = aGranting(world, { action, plan, votes }, more);
    const by = { purpose: 'vote', service: 'approvals', typ: 'sallyport-granting+jws', schema: granting } as const;
    const read = world.trust.verify(jws, by);
    if (!read.ok) throw new TypeError('the granting must read');
    return read.payload;
  }

  it('is held here, with exactly the votes that the granting names', () => {
    expect(passage).toBeDefined();
    expect(handedOverByApprovals(signed(), votes, passage)).toEqual({ ...doubtful, passage });
  });

  it('is not held here without a granting, however good the votes are', () => {
    expect(handedOverByApprovals(undefined, votes, passage)).toEqual(forged);
  });

  it.each<[string, Granting, typeof votes, Passage | undefined]>([
    ['evidence that does not belong together', signed(), votes, undefined],
    ['fewer votes', signed(), votes.slice(0, 1), passage],
    ['other votes', signed({ votes: [action.digest, other.digest] }), votes, passage],
    ['another plan', signed({ plan_digest: other.digest }), votes, passage],
  ])('is held here and must end, with %s', (_, granting, given, read) => {
    expect(handedOverByApprovals(granting, given, read)).toEqual(doubtful);
  });

  it('is held here and must end, with other bytes', () => {
    const elsewhere = { ...doubtful, actionDigest: other.digest };
    expect(handedOverByApprovals(signed({ action_digest: other.digest }), votes, passage)).toEqual(elsewhere);
  });
});
