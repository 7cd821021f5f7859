import { describe, expect, it } from '@jest/globals';
import { readChain, type Chain, type Evidence } from '#trust';
import {
  allowed,
  anAction,
  aPlan,
  aPlanned,
  aProfile,
  aVote,
  aWorld,
  granted,
  now,
  signVerdict,
} from './evidence.fixture.js';
import { decideOffer, underKillSwitch, type OfferInput } from './offer.js';

const world = aWorld();
const action = anAction(world, '019aaaaa-0000-7000-8000-000000000001');
const read = (evidence: Evidence): Chain | undefined => readChain(world.trust, evidence, action);
const decide = (more: Partial<OfferInput> = {}) =>
  decideOffer({ chain: read(granted(world, action)), profile: aProfile(), isSuspended: false, now, ...more });
const byPolicy = aProfile({ requires_person: false, min_quorum: 0 });

describe('an offer', () => {
  it('carries what was granted, under the profile', () => {
    expect(decide()).toMatchObject({
      kind: 'offer',
      code: 'approved',
      terms: {
        profile: 'orders-ddl',
        issuer: 'postgres-role',
        target: 'orders-db',
        ttlSeconds: 300,
        uses: 1,
        groups: ['dba'],
      },
    });
    expect(decide({ chain: read(allowed(world, action)), profile: byPolicy })).toMatchObject({
      code: 'policy_allowed',
    });
    const emergency = read(allowed(world, action, { code: 'emergency_rule' }));
    expect(decide({ chain: emergency, profile: byPolicy })).toMatchObject({ code: 'emergency_rule' });
  });

  it('ends with its own time to live or with the verdict, whichever is earlier', () => {
    const at = (exp: number) => {
      const decision = decide({ chain: read(allowed(world, action, { exp })), profile: byPolicy });
      return decision.kind === 'offer' ? decision.offerExpiresAt.getTime() - now.getTime() : decision;
    };
    const seconds = now.getTime() / 1_000;
    expect(at(seconds + 1_000)).toBe(300_000);
    expect(at(seconds + 120)).toBe(120_000);
    expect(at(seconds)).toEqual({ kind: 'over', to: 'lapsed', code: 'offer_expired' });
  });

  it('is the smallest of asked, judged, voted and the profile', () => {
    const plan = aPlan();
    const votes = [
      aVote(world, { action, plan, person: 'ada' }, { vote: { caps: { ttl_seconds: 200 } } }),
      aVote(world, { action, plan, person: 'bob' }, { vote: { caps: { ttl_seconds: 250 } } }),
    ];
    const capped = read({ ...granted(world, action), votes });
    expect(decide({ chain: capped })).toMatchObject({ terms: { ttlSeconds: 200 } });
    expect(decide({ chain: capped, profile: aProfile({ max_ttl_seconds: 60 }) })).toMatchObject({
      terms: { ttlSeconds: 60 },
    });
    const generous = aPlanned(action, plan);
    if (generous.grant) generous.grant.ttl_seconds = 5_000;
    const wide = read({ ...granted(world, action), verdict: signVerdict(world, generous) });
    expect(decide({ chain: wide, profile: aProfile({ max_ttl_seconds: 5_000 }) })).toMatchObject({
      terms: { ttlSeconds: 300 },
    });
  });
});

describe('no offer', () => {
  it('for evidence that does not verify', () => {
    expect(decide({ chain: undefined })).toEqual({ kind: 'over', to: 'refused', code: 'evidence_invalid' });
  });

  it('for an agent that is suspended', () => {
    expect(decide({ isSuspended: true })).toEqual({ kind: 'over', to: 'cancelled', code: 'agent_suspended' });
  });

  const mismatch = { kind: 'over', to: 'refused', code: 'profile_mismatch' };
  it.each([
    ['that is not registered', undefined],
    ['of another name', { ...aProfile(), id: 'orders-all' }],
    ['for other actions', aProfile({ actions: ['db.schema'] })],
    ['for other resources', aProfile({ resources: ['staging/*'] })],
    ['that wants more people', aProfile({ min_quorum: 2 })],
  ])('under a profile %s', (_, profile) => {
    expect(decide({ profile })).toEqual(mismatch);
  });

  it('without a person where the profile wants one, an emergency included', () => {
    expect(decide({ chain: read(allowed(world, action)) })).toEqual(mismatch);
    expect(decide({ chain: read(allowed(world, action, { code: 'emergency_rule' })) })).toEqual(mismatch);
    const chain = read(allowed(world, action));
    expect(decide({ chain, profile: aProfile({ requires_person: false }) })).toEqual(mismatch);
    expect(decide({ chain, profile: aProfile({ min_quorum: 0 }) })).toEqual(mismatch);
  });

  it('when one person voted twice for a floor of two', () => {
    const plan = aPlan();
    const again = aVote(
      world,
      { action, plan, person: 'ada' },
      { vote: { jti: '019acccc-0000-7000-8000-0000000000ff' } },
    );
    const votes = [aVote(world, { action, plan, person: 'ada' }), again];
    const chain = read({ ...granted(world, action), votes });
    expect(chain?.votes).toHaveLength(2);
    expect(decide({ chain, profile: aProfile({ min_quorum: 2 }) })).toEqual(mismatch);
  });
});

describe('under a pull of the kill switch', () => {
  it('what would be offered is cancelled, and what is over for another reason stays so', () => {
    expect(underKillSwitch(decide())).toEqual({ kind: 'over', to: 'cancelled', code: 'kill_switch' });
    const suspended = decide({ isSuspended: true });
    expect(underKillSwitch(suspended)).toBe(suspended);
  });
});
