import { describe, expect, it } from '@jest/globals';
import type { Verdict } from '#contracts';
import { digestOf, isWhole, readChain, type Evidence } from '#trust';
import {
  allowed, anAction, aPerson, aPlan, aPlanned, aVerdict, aVote, aWorld, dba, gateId, granted, signVerdict,
} from './evidence.fixture.js'; // prettier-ignore

const world = aWorld();
const stranger = aWorld();
const action = anAction(world, '019aaaaa-0000-7000-8000-000000000001');
const other = anAction(world, '019aaaaa-0000-7000-8000-000000000002', {
  value: { action: { name: 'db.schema.migrate', properties: { statement: 'DROP TABLE orders' } } },
});
const plan = aPlan();
const reads = (evidence: Evidence, subject = action): boolean =>
  readChain(world.trust, evidence, subject) !== undefined;

describe('evidence of an allowed action', () => {
  it('reads when everything is about the same action', () => {
    expect(readChain(world.trust, allowed(world, action), action)).toMatchObject({
      actionDigest: action.digest,
      votes: [],
    });
    expect(reads(allowed(world, action, { code: 'emergency_rule' }))).toBe(true);
  });

  const otherDigest = { action_digest: other.digest };
  it.each<[string, () => Evidence]>([
    ['other bytes', () => ({ ...allowed(world, action), request: { ...action.request, value: other.request.value } })],
    ['an acceptance of another action', () => ({ ...allowed(world, action), request: { ...action.request, acceptance: other.request.acceptance } })],
    ['a verdict on another action', () => ({ ...allowed(world, action), verdict: allowed(world, other).verdict })],
    ['a verdict with this id on other bytes', () => allowed(world, action, otherDigest)],
    ['a verdict for another agent', () => allowed(world, action, { agent: { id: 'migrator-2', version: 1 } })],
    ['a verdict of another gate', () => allowed(world, action, { gate: 'gate.other.example' })],
    ['a verdict by a stranger', () => allowed(stranger, action)],
    ['an acceptance by a stranger', () => allowed(world, anAction(stranger, action.actionId))],
    ['a verdict signed by approvals', () => ({ ...allowed(world, action), verdict: world.keyring('approvals').sign('vote', aVerdict(action)) })],
    ['a deny', () => allowed(world, action, { outcome: 'deny', code: 'policy_denied' })],
    ['an allow that was the answer to a vote', () => allowed(world, action, { purpose: 'vote' })],
    ['an allow that was the answer to a redeem', () => allowed(world, action, { purpose: 'redeem' })],
    ['a plan without votes', () => ({ ...allowed(world, action), verdict: signVerdict(world, aPlanned(action, plan)) })],
    ['an allow that says it is a denial', () => allowed(world, action, { code: 'policy_denied' })],
    ['a grant for another profile', () => withGrant((grant) => ({ ...grant, profile: { id: 'orders-all', version: 1 } }))],
    ['a grant for another action', () => withGrant((grant) => ({ ...grant, scope: { ...grant.scope, action: 'db.drop' } }))],
    ['a grant for another resource', () => withGrant((grant) => ({ ...grant, scope: { ...grant.scope, resource: { type: 'postgres.database', id: 'prod/pay' } } }))],
    ['a grant of no time', () => withGrant((grant) => ({ ...grant, ttl_seconds: 0 }))],
    ['no grant', () => withGrant(() => undefined)],
    ['an acceptance of another agent', () => allowed(world, anAction(world, action.actionId, { acceptance: { agent: { id: 'migrator-2', version: 1 } } }))],
    ['an acceptance with other attributes', () => allowed(world, anAction(world, action.actionId, { acceptance: { ce: { ...ce(), id: other.actionId } } }))],
    ['an acceptance with another id and this digest', () => allowed(world, anAction(world, action.actionId, { acceptance: { action_id: other.actionId } }))],
    ['a verdict with another id and this digest', () => allowed(world, action, { action_id: other.actionId })],
    ['a deny that calls itself allowed', () => allowed(world, action, { outcome: 'deny' })],
    ['bytes in which another agent asks', () => allowed(world, anAction(world, action.actionId, { value: { subject: { type: 'agent', id: 'migrator-2' } } }))],
    ['an acceptance of another digest', () => allowed(world, anAction(world, action.actionId, { acceptance: otherDigest }))],
  ])('does not read with %s', (_, evidence) => {
    expect(reads(evidence())).toBe(false);
  }); // prettier-ignore

  it('does not read for another action or agent than the event names', () => {
    expect(reads(allowed(world, action), other)).toBe(false);
    expect(reads(allowed(world, action), { ...action, agentId: 'migrator-2' })).toBe(false);
  });

  function withGrant(change: (grant: NonNullable<Verdict['grant']>) => Verdict['grant'] | undefined): Evidence {
    const { grant, ...rest } = aVerdict(action);
    const changed = grant && change(grant);
    const verdict = changed === undefined ? rest : { ...rest, grant: changed };
    return { request: action.request, verdict: world.keyring('policy').sign('verdict', verdict), votes: undefined };
  }

  function ce() {
    return {
      id: action.actionId,
      source: `urn:sallyport:agent:${action.agentId}`,
      type: 'sallyport.action.requested.v1',
    };
  }
});

describe('evidence of a granted action', () => {
  const withVotes = (...votes: NonNullable<Evidence['votes']>): Evidence => ({ ...granted(world, action), votes });
  const vote = (person: string, more: Parameters<typeof aVote>[2] = {}) => aVote(world, { action, plan, person }, more);

  it('reads with the votes for exactly this plan, also after the plan was replaced', () => {
    expect(readChain(world.trust, granted(world, action, ['ada', 'bob']), action)?.votes).toHaveLength(2);
    const replaced = signVerdict(world, aPlanned(action, plan, { purpose: 'vote' }));
    expect(reads({ ...granted(world, action), verdict: replaced })).toBe(true);
  });

  it.each<[string, () => Evidence]>([
    ['a plan that was the answer to a redeem', () => ({ ...granted(world, action), verdict: signVerdict(world, aPlanned(action, plan, { purpose: 'redeem' })) })],
    ['no vote', () => withVotes()],
    ['a vote for another action', () => withVotes(aVote(world, { action: other, plan, person: 'ada' }))],
    ['a vote for another plan', () => withVotes(aVote(world, { action, plan: aPlan({ excluded: [] }), person: 'ada' }))],
    ['a vote for other bytes', () => withVotes(vote('ada', { vote: { action_digest: other.digest } }))],
    ['a deny among the votes', () => withVotes(vote('ada'), vote('bob', { vote: { decision: 'deny' } }))],
    ['the same vote twice', () => withVotes(vote('ada'), vote('ada'))],
    ['a vote by a stranger', () => withVotes(aVote(stranger, { action, plan, person: 'ada' }))],
    ['a vote and the counting of another one', () => withVotes({ vote: vote('ada').vote, counting: vote('bob').counting, person_key: vote('ada').person_key ?? '' })],
    ['a vote without the statement about its key', () => withVotes({ vote: vote('ada').vote, counting: vote('ada').counting })],
    ['a vote with the statement about another key', () => withVotes({ ...vote('ada'), person_key: vote('bob').person_key ?? '' })],
    ['a counting without the vote', () => withVotes({ vote: vote('ada').counting, counting: vote('ada').counting })],
    ['votes under an allow', () => ({ ...granted(world, action), verdict: allowed(world, action).verdict })],
  ])('does not read with %s', (_, evidence) => {
    expect(reads(evidence())).toBe(false);
  }); // prettier-ignore
});

describe('the whole chain', () => {
  const audiences = [`${gateId}/sallyport.requests.v1`, 'https://intake.example/v1/actions'];
  const facts = { groups: [dba()], people: [aPerson('ada'), aPerson('bob')] };

  function whole(evidence: Evidence, more: Partial<Parameters<typeof isWhole>[0]> = {}, subject = action): boolean {
    const chain = readChain(world.trust, evidence, subject);
    if (chain === undefined) throw new TypeError('the evidence must read');
    return isWhole({ chain, request: evidence.request, agent: world.agent, audiences, facts, ...more });
  }

  it('holds for both doors of a request', () => {
    expect(whole(granted(world, action))).toBe(true);
    expect(whole(allowed(world, action))).toBe(true);
    const overHttp = anAction(world, action.actionId, { aud: 'https://intake.example/v1/actions' });
    expect(whole(allowed(world, overHttp))).toBe(true);
  });

  it('breaks when the agent did not sign, signed for another door, or its key is no longer registered', () => {
    const forged = {
      ...allowed(world, action),
      request: { ...action.request, signature: anAction(stranger, action.actionId).request.signature },
    };
    expect(whole(forged)).toBe(false);
    expect(whole(allowed(world, anAction(world, action.actionId, { aud: 'https://elsewhere.example' })))).toBe(false);
    const agent = { ...world.agent, spec: { ...world.agent.spec, jwks: stranger.agent.spec.jwks } };
    expect(whole(allowed(world, action), { agent })).toBe(false);
  });

  it('breaks when the people it needed are not those who voted', () => {
    expect(whole(granted(world, action), { facts: { ...facts, groups: [dba(['bob'])] } })).toBe(false);
    expect(whole(granted(world, action), { facts: { ...facts, groups: [dba(['ada'], 2)] } })).toBe(false);
    expect(whole(granted(world, action), { facts: { ...facts, people: [] } })).toBe(false);
    const two = aPlan({ stages: [{ stage: 1, group: 'dba', quorum: 2, confirmations: [] }] });
    expect(whole(granted(world, action, ['ada'], two))).toBe(false);
    expect(whole(granted(world, action, ['ada', 'bob'], two))).toBe(true);
    expect(
      whole(granted(world, action, ['olga']), { facts: { groups: [dba(['olga'])], people: [aPerson('olga')] } }),
    ).toBe(false);
  });

  it('breaks when a vote is counted for somebody whose key did not sign it', () => {
    const counted = (person: string) => {
      const votes = [aVote(world, { action, plan, person: 'ada' }, { counting: { person } })];
      return whole({ ...granted(world, action), votes });
    };
    expect(counted('ada')).toBe(true);
    expect(counted('bob')).toBe(false);
  });

  it('has a digest of the action that covers the exact data', () => {
    expect(action.digest).not.toBe(other.digest);
    expect(digestOf(action.value)).not.toBe(digestOf(other.value));
  });
});
