import { describe, expect, it } from '@jest/globals';
import type { Plan, Verdict } from '#contracts';
import { readChain, type Chain, type Evidence } from '#trust';
import {
  allowed, anAction, aPerson, aPlan, aPlanned, aProfile, aVerdict, aWorld, dba, gateId, granted, known, now, signVerdict,
} from './evidence.fixture.js'; // prettier-ignore
import { checkRedeem, judgedAgain, readJudgement, type RedeemInput } from './redeem.js';
import { termsOf, type Terms } from './terms.js';

const world = aWorld();
const action = anAction(world, '019aaaaa-0000-7000-8000-000000000001');
const facts = { groups: [dba()], people: [aPerson('ada')] };
const database = known('targets', 'orders-db', {
  kind: 'postgres', connection_secret: 'orders', host: 'db', port: 5432, database: 'orders',
}); // prettier-ignore
const tool = known('targets', 'orders-db', { kind: 'tool', base_url: 'https://tool.example', jwks: { keys: [] } });

function chainOf(evidence: Evidence): Chain {
  const chain = readChain(world.trust, evidence, action);
  if (chain === undefined) throw new TypeError('the evidence must read');
  return chain;
}

const since = (seconds: number): string => new Date(now.getTime() - seconds * 1_000).toISOString();
/** A plan of `security` that goes on to `dba`. */
const goingOn = (after_seconds: number, begins_at: string): Plan => {
  const escalate = { after_seconds, to: 'dba' };
  return aPlan({ stages: [{ stage: 1, group: 'security', quorum: 1, confirmations: [], escalate }], begins_at });
};

describe('redeem', () => {
  function check(more: Partial<RedeemInput> = {}) {
    const evidence = granted(world, action);
    const input: RedeemInput = {
      evidence, chain: chainOf(evidence), actionDigest: action.digest, agent: world.agent,
      audiences: [`${gateId}/sallyport.requests.v1`], facts, profile: aProfile(), target: database,
    }; // prettier-ignore
    return checkRedeem({ ...input, ...more });
  }

  it('is possible when everything still holds', () => {
    expect(check()).toMatchObject({ ok: true, terms: { ttlSeconds: 300 } });
  });

  const invalid = { ok: false, code: 'evidence_invalid' };
  it('is refused when the stored evidence no longer proves the action', () => {
    expect(check({ chain: undefined })).toEqual(invalid);
    expect(check({ actionDigest: `sha256:${'B'.repeat(43)}` })).toEqual(invalid);
    expect(check({ facts: { groups: [], people: [] } })).toEqual(invalid);
    expect(check({ agent: aWorld().agent })).toEqual(invalid);
  });

  it('is refused on a vote of the next group that came a second too early', () => {
    const checked = (evidence: Evidence) => check({ evidence, chain: chainOf(evidence) });
    expect(checked(granted(world, action, ['ada'], goingOn(60, since(60))))).toMatchObject({ ok: true });
    expect(checked(granted(world, action, ['ada'], goingOn(61, since(60))))).toEqual(invalid);
  });

  const mismatch = { ok: false, code: 'profile_mismatch' };
  it('is refused when profile or target no longer fit', () => {
    expect(check({ profile: null })).toEqual(mismatch);
    expect(check({ target: null })).toEqual(mismatch);
    expect(check({ profile: aProfile({ min_quorum: 2 }) })).toEqual(mismatch);
    expect(check({ target: { ...database, id: 'other-db' } })).toEqual(mismatch);
    expect(check({ target: tool })).toEqual(mismatch);
  });
});

describe("policy's answer to a redeem", () => {
  const chain = chainOf(granted(world, action));
  const read = (more: Partial<Verdict>, signer = world) =>
    readJudgement(world.trust, signVerdict(signer, aVerdict(action, { purpose: 'redeem', ...more })), chain, now);

  it('counts when it is policy’s own, about this action, for this purpose, and of now', () => {
    const seconds = now.getTime() / 1_000;
    expect(read({})).toMatchObject({ outcome: 'allow' });
    expect(read({}, aWorld())).toBeUndefined();
    expect(read({ purpose: 'first' })).toBeUndefined();
    expect(read({ purpose: 'vote' })).toBeUndefined();
    expect(read({ action_id: '019aaaaa-0000-7000-8000-000000000002' })).toBeUndefined();
    expect(read({ action_digest: `sha256:${'B'.repeat(43)}` })).toBeUndefined();
    expect(read({ agent: { id: 'migrator-2', version: 1 } })).toBeUndefined();
    expect(read({ iat: seconds - 61 })).toBeUndefined();
    expect(read({ iat: seconds + 61 })).toBeUndefined();
  });
});

describe('judged again', () => {
  const people = chainOf(granted(world, action));
  const rules = chainOf(allowed(world, action));
  const open = aProfile({ requires_person: false, min_quorum: 0 });
  const termsFor = (chain: Chain): Terms => termsOf(chain, open) as Terms;
  const judge = (verdict: Verdict, chain = people, known = facts) =>
    judgedAgain({ ...verdict, purpose: 'redeem' }, { chain, terms: termsFor(chain) }, known);
  const later = aPlan({ deadline_at: new Date(now.getTime() + 7_200_000).toISOString() });

  it('an allow is enough, whatever it was before', () => {
    expect(judge(aVerdict(action))).toMatchObject({ ttlSeconds: 300 });
    expect(judge(aVerdict(action), rules)).toMatchObject({ ttlSeconds: 300 });
  });

  it('a plan is satisfied by the votes that were recorded, or not at all', () => {
    expect(judge(aPlanned(action, later))).toMatchObject({ ttlSeconds: 300 });
    expect(
      judge(aPlanned(action, aPlan({ stages: [{ stage: 1, group: 'dba', quorum: 2, confirmations: [] }] }))),
    ).toBeUndefined();
    expect(
      judge(aPlanned(action, aPlan({ stages: [{ stage: 1, group: 'security', quorum: 1, confirmations: [] }] }))),
    ).toBeUndefined();
    expect(
      judge(aPlanned(action, aPlan({ excluded: [{ person: 'ada', why: 'in_delegation_chain' }] }))),
    ).toBeUndefined();
    expect(judge(aPlanned(action, later), rules)).toBeUndefined();
  });

  it('a plan that goes on to the next group counts its seconds from when people were asked', () => {
    const voted = chainOf(granted(world, action, ['ada'], goingOn(60, since(60))));
    expect(judge(aPlanned(action, goingOn(60, since(0))), voted)).toMatchObject({ ttlSeconds: 300 });
    expect(judge(aPlanned(action, goingOn(61, since(0))), voted)).toBeUndefined();
  });

  it('a plan that went on at once is nothing any more when policy finds that the first group has people again', () => {
    const atOnce = chainOf(granted(world, action, ['ada'], goingOn(0, since(10))));
    expect(judge(aPlanned(action, goingOn(0, since(0))), atOnce)).toMatchObject({ ttlSeconds: 300 });
    expect(judge(aPlanned(action, goingOn(60, since(0))), atOnce)).toBeUndefined();
  });

  it('a point that was confirmed beside another fact is not confirmed', () => {
    const point = {
      id: 'scope',
      text: 'the scope is right',
      fact: { value: 'orders', source: 'registry', at: now.toISOString() },
    };
    const changed = aPlan({ stages: [{ stage: 1, group: 'dba', quorum: 1, confirmations: [point] }] });
    expect(judge(aPlanned(action, changed))).toBeUndefined();
  });

  it('a deny, or a grant for something else, is a no', () => {
    expect(judge(aVerdict(action, { outcome: 'deny', code: 'policy_denied' }))).toBeUndefined();
    const other = aVerdict(action);
    if (other.grant) other.grant = { ...other.grant, profile: { id: 'orders-all', version: 1 } };
    expect(judge(other)).toBeUndefined();
  });

  it('can only make it less', () => {
    const less = aVerdict(action);
    if (less.grant) less.grant = { ...less.grant, ttl_seconds: 30 };
    expect(judge(less)).toMatchObject({ ttlSeconds: 30 });
    const more = aVerdict(action);
    if (more.grant) more.grant = { ...more.grant, ttl_seconds: 3_000, uses: 9 };
    expect(judge(more)).toMatchObject({ ttlSeconds: 300, uses: 1 });
  });
});
