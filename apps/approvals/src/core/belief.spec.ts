import { describe, expect, it } from '@jest/globals';
import { acceptance, verdict } from '#contracts';
import { believe, type Believed, type Claimed } from './belief.js';
import { accept, judge, makeGate, type Accepted } from '../gate.fixture.js';

const gate = makeGate();
const one = accept(gate);
const other = accept(gate, { context: { justification: 'something else' } });

type More = Parameters<typeof judge>[2];

function claim(accepted: Accepted, more: More = {}): Claimed {
  const evidence = judge(gate, accepted, more);
  const accepting = gate.trust.verify(evidence.request.acceptance, {
    purpose: 'acceptance',
    service: 'intake',
    schema: acceptance,
  });
  const judging = gate.trust.verify(evidence.verdict, { purpose: 'verdict', service: 'policy', schema: verdict });
  return {
    actionId: accepted.actionId,
    agentId: 'migrator-1',
    value: evidence.request.value,
    facts: evidence.facts,
    acceptance: accepting.ok ? accepting.payload : undefined,
    verdict: judging.ok ? judging.payload : undefined,
  };
}

const verdictOf = (more: More): Partial<Claimed> => ({ verdict: claim(one, more).verdict });

describe('evidence is believed only when all of it is about one action', () => {
  it.each<[string, Partial<Claimed>, Believed['kind']]>([
    ['all of it is', {}, 'sound'],
    ['no acceptance of intake', { acceptance: undefined }, 'forged'],
    ['the acceptance of another action', { acceptance: claim(other).acceptance }, 'forged'],
    ['an event about another agent', { agentId: 'somebody-else' }, 'forged'],
    ['no verdict of policy', { verdict: undefined }, 'forged'],
    ['the verdict of another action', { verdict: claim(other).verdict }, 'forged'],
    ['a verdict with another action digest', verdictOf({ action_digest: other.actionDigest }), 'forged'],
    ['a verdict with another action id', verdictOf({ action_id: other.actionId }), 'forged'],
    ['a verdict about another agent', verdictOf({ agent: { id: 'somebody-else', version: 1 } }), 'forged'],
    ['a verdict for a vote', verdictOf({ purpose: 'vote' }), 'forged'],
    ['a verdict that allows', verdictOf({ outcome: 'allow' }), 'forged'],
    ['a verdict without a plan', verdictOf({ plan: undefined }), 'doubtful'],
    ['a verdict without a grant', verdictOf({ grant: undefined }), 'doubtful'],
    ['facts that are not those of the verdict', { facts: {} }, 'doubtful'],
    ['other bytes', { value: other.request.value }, 'doubtful'],
    [
      'the same action with a member named twice',
      { value: one.request.value.replace('{', '{"subject":{},') },
      'doubtful',
    ],
    ['bytes that are no JSON', { value: '{' }, 'doubtful'],
  ])('%s', (_, more, expected) => {
    expect(believe({ ...claim(one), ...more }, 'require_approval').kind).toBe(expected);
  });

  it('an allow has no plan', () => {
    expect(believe(claim(one, { outcome: 'allow', plan: undefined }), 'allow').kind).toBe('sound');
    expect(believe(claim(one, { outcome: 'allow' }), 'allow').kind).toBe('doubtful');
  });
});
