import { describe, expect, it } from '@jest/globals';
import { leaseState, type AgentKey, type LeaseState } from '#contracts';
import { deliveryKey, standingOf, type Claim, type Delivery } from './delivery.js';
import { aLease } from './lease.fixture.js';
import type { Lease } from './lease.js';

const now = new Date('2026-11-24T12:00:00.000Z');
const inAMoment = new Date('2026-11-24T12:00:00.001Z');
const sealed = Buffer.from('sealed');
const taken: Delivery = { jkt: 'key-1', encKid: 'enc-1', sealed, keepUntil: inAMoment };
const claim: Claim = { jkt: 'key-1', actionDigest: aLease().actionDigest, encKid: undefined };

const standing = (lease: Partial<Lease>, more: { delivery?: Partial<Delivery>; claim?: Partial<Claim> } = {}) =>
  standingOf(aLease(lease), { ...taken, ...more.delivery }, { claim: { ...claim, ...more.claim }, now });

const active: Partial<Lease> = { state: 'active', releasedAt: now };
const takenStates = new Set<LeaseState>(['minting', 'active', 'ending', 'ended']);

describe('whoever took the lease', () => {
  it('gets the same answer again while it is kept, naming the same encryption key or none', () => {
    expect(standing(active)).toEqual({ kind: 'again', sealed });
    expect(standing(active, { claim: { encKid: 'enc-1' } })).toEqual({ kind: 'again', sealed });
  });

  it('gets a result of the gate’s own work also after the lease has run out, while it is kept', () => {
    expect(standing({ state: 'ended', releasedAt: now })).toEqual({ kind: 'again', sealed });
  });

  it('replays once it is not kept any more: given up, or its time is over', () => {
    const late = { kind: 'replay', why: 'too_late' };
    expect(standing(active, { delivery: { sealed: null } })).toEqual(late);
    expect(standing(active, { delivery: { keepUntil: now } })).toEqual(late);
    expect(standing({ state: 'ended', releasedAt: now }, { delivery: { sealed: null } })).toEqual(late);
  });

  it('replays with other bytes or another encryption key', () => {
    const other = { kind: 'replay', why: 'other_request' };
    expect(standing(active, { claim: { actionDigest: 'sha256:other' } })).toEqual(other);
    expect(standing(active, { claim: { encKid: 'enc-2' } })).toEqual(other);
  });

  it('waits while it is being made or taken back, and replays nothing that was never delivered', () => {
    const nothing = { delivery: { sealed: null, keepUntil: null } };
    expect(standing({ state: 'minting' }, nothing)).toEqual({ kind: 'under_way' });
    expect(standing({ state: 'ending' }, nothing)).toEqual({ kind: 'under_way' });
    expect(standing({ state: 'ended' }, nothing)).toEqual({ kind: 'closed', code: 'ended' });
    expect(standing({ state: 'refused', code: 'mint_failed' }, nothing)).toEqual({ kind: 'closed', code: 'mint_failed' });
  }); // prettier-ignore
});

it.each([...takenStates])('another key of the agent replays a lease that is %s, whatever is kept', (state) => {
  for (const releasedAt of [null, now]) {
    const found = standing({ state, releasedAt }, { claim: { jkt: 'key-2' } });
    expect(found).toEqual({ kind: 'replay', why: 'other_key' });
  }
});

it('a lease that nobody took is open, or closed for its own reason', () => {
  for (const state of leaseState.options.filter((one) => !takenStates.has(one))) {
    const found = standingOf(aLease({ state }), undefined, { claim, now });
    expect(found.kind).toBe(state === 'offered' ? 'open' : 'closed');
  }
});

it('a lease from before deliveries were noted is only closed', () => {
  expect(standingOf(aLease(active), undefined, { claim, now })).toEqual({ kind: 'closed', code: 'already_redeemed' });
});

it('is delivered to a registered encryption key: the one that is asked for, else the first', () => {
  const key = (kid: string, use: 'sig' | 'enc'): AgentKey => ({ kty: 'EC', crv: 'P-256', x: 'x', y: 'y', kid, use });
  const agent = (...keys: AgentKey[]) => ({ jwks: { keys } });
  const two = agent(key('sig-1', 'sig'), key('enc-1', 'enc'), key('enc-2', 'enc'));
  expect(deliveryKey(two, undefined)?.kid).toBe('enc-1');
  expect(deliveryKey(two, 'enc-2')?.kid).toBe('enc-2');
  expect(deliveryKey(two, 'sig-1')).toBeUndefined();
  expect(deliveryKey(two, 'enc-3')).toBeUndefined();
  expect(deliveryKey(agent(key('sig-1', 'sig')), undefined)).toBeUndefined();
});
