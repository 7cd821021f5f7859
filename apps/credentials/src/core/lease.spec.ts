import { describe, expect, it } from '@jest/globals';
import { leaseState, type LeaseState } from '#contracts';
import {
  after,
  complete,
  due,
  dueAt,
  finalStates,
  giveUp,
  gone,
  leaseTable,
  record,
  redeem,
  refuse,
  stop,
  type LeaseStep,
} from './lease.js';
import { aLease } from './lease.fixture.js';

const steps: LeaseStep[] = ['redeem', 'record', 'lapse', 'cancel', 'refuse', 'stop', 'gone', 'gone_unreleased'];
const before = new Date('2026-11-24T11:59:59.999Z');
const deadline = new Date('2026-11-24T12:00:00.000Z');

describe('the lease machine', () => {
  it('has exactly these transitions', () => {
    const all = leaseState.options.flatMap((from) =>
      steps.flatMap((step) => {
        const to = after(from, step);
        return to === undefined ? [] : [`${from} -${step}-> ${to}`];
      }),
    );
    expect(all).toEqual([
      'offered -redeem-> minting',
      'offered -lapse-> lapsed',
      'offered -cancel-> cancelled',
      'offered -refuse-> refused',
      'minting -record-> active',
      'minting -stop-> ending',
      'active -stop-> ending',
      'ending -gone-> ended',
      'ending -gone_unreleased-> refused',
    ]);
  });

  it('reaches every state from the offer, and ends in four', () => {
    const seen = new Set<LeaseState>(['offered']);
    for (const state of seen) for (const next of Object.values(leaseTable[state])) seen.add(next);
    expect([...seen].sort()).toEqual([...leaseState.options].sort());
    expect([...finalStates].sort()).toEqual(['cancelled', 'ended', 'lapsed', 'refused']);
  });

  it('never comes back to a state', () => {
    const order: LeaseState[] = ['offered', 'minting', 'active', 'ending'];
    for (const [from, row] of Object.entries(leaseTable)) {
      for (const to of Object.values(row)) {
        const forward = finalStates.has(to) || order.indexOf(to) > order.indexOf(from as LeaseState);
        expect({ from, to, forward }).toEqual({ from, to, forward: true });
      }
    }
  });
});

describe('who may stop what', () => {
  const ask = { code: 'withdrawn', by: 'ada' } as const;

  it.each([
    ['offered', 'cancelled'],
    ['minting', 'ending'],
    ['active', 'ending'],
    ['ending', undefined],
    ['ended', undefined],
    ['lapsed', undefined],
    ['cancelled', undefined],
    ['refused', undefined],
  ] as const)('an ask finds it %s and makes it %s', (state, to) => {
    const change = stop(aLease({ state }), ask);
    expect(change?.to).toBe(to);
    if (change) expect({ code: change.code, by: change.by }).toEqual(ask);
  });

  it('keeps who stopped it and in which words', () => {
    const why = { code: 'stopped', by: 'ada', reason: 'wrong table' } as const;
    expect(stop(aLease({ state: 'active' }), why)).toMatchObject(why);
    const ending = aLease({ state: 'ending', releasedAt: before, code: 'stopped', by: 'ada', reason: 'wrong table' });
    expect(gone(ending)).toMatchObject(why);
  });

  it('an agent completes what it holds, and cancels what it has not collected', () => {
    expect(complete(aLease({ state: 'active' }))).toMatchObject({ to: 'ending', code: 'completed' });
    expect(complete(aLease({ state: 'minting' }))).toMatchObject({ to: 'ending', code: 'agent_cancelled' });
    expect(complete(aLease({ state: 'offered' }))).toMatchObject({ to: 'cancelled', code: 'agent_cancelled' });
    expect(complete(aLease({ state: 'ended' }))).toBeUndefined();
  });

  it('a refusal is only possible before release', () => {
    expect(refuse(aLease({ state: 'offered' }), 'policy_changed')).toMatchObject({
      to: 'refused',
      code: 'policy_changed',
    });
    expect(refuse(aLease({ state: 'minting' }), 'policy_changed')).toBeUndefined();
    expect(refuse(aLease({ state: 'active' }), 'policy_changed')).toBeUndefined();
  });
});

describe('the clock', () => {
  it('an offer lapses at its deadline and not before', () => {
    const lease = aLease({ state: 'offered', offerExpiresAt: deadline });
    expect(due(lease, before)).toBeUndefined();
    expect(due(lease, deadline)).toMatchObject({ to: 'lapsed', code: 'offer_expired' });
  });

  it('an offer is collected before its deadline only', () => {
    const lease = aLease({ state: 'offered', offerExpiresAt: deadline });
    expect(redeem(lease, before)).toMatchObject({ to: 'minting' });
    expect(redeem(lease, deadline)).toBeUndefined();
    expect(redeem(aLease({ state: 'minting', offerExpiresAt: deadline }), before)).toBeUndefined();
  });

  it('a mint that nobody recorded in time is taken back', () => {
    const lease = aLease({ state: 'minting', mintBy: deadline });
    expect(due(lease, before)).toBeUndefined();
    expect(due(lease, deadline)).toMatchObject({ to: 'ending', code: 'mint_failed' });
  });

  it('an active lease ends at its time to live', () => {
    const lease = aLease({ state: 'active', expiresAt: deadline });
    expect(due(lease, before)).toBeUndefined();
    expect(due(lease, deadline)).toMatchObject({ to: 'ending', code: 'ttl' });
  });

  it('looks no more at what is ending or over', () => {
    for (const state of ['ending', 'ended', 'lapsed', 'cancelled', 'refused'] as const) {
      const lease = aLease({ state, offerExpiresAt: before, mintBy: before, expiresAt: before });
      expect(dueAt(lease)).toBeNull();
      expect(due(lease, deadline)).toBeUndefined();
    }
  });
});

describe('after the target has confirmed', () => {
  it('what was released has ended, with the reason it was stopped for', () => {
    const lease = aLease({ state: 'ending', releasedAt: before, code: 'withdrawn', by: 'ada' });
    expect(gone(lease)).toMatchObject({ to: 'ended', code: 'withdrawn', by: 'ada', reasons: ['withdrawn'] });
  });

  it('what was never released is refused', () => {
    expect(gone(aLease({ state: 'ending', code: 'mint_failed' }))).toMatchObject({
      to: 'refused',
      reasons: ['mint_failed'],
    });
  });

  it('says beside the refusal who stopped it in mid-mint', () => {
    const change = gone(aLease({ state: 'ending', code: 'withdrawn', by: 'ada' }));
    expect(change).toMatchObject({
      to: 'refused',
      code: 'mint_failed',
      by: 'ada',
      reasons: ['mint_failed', 'withdrawn'],
    });
  });

  it('says that a statement was run where the target says so, whatever was recorded here and why it was stopped', () => {
    const executed = { digest: 'sha256:x', rowCount: 3 };
    expect(gone(aLease({ state: 'ending', code: 'mint_failed' }), executed)).toMatchObject({
      to: 'ended', code: 'result_lost', reasons: ['result_lost'], executed,
    }); // prettier-ignore
    expect(gone(aLease({ state: 'ending', code: 'kill_switch', by: 'sam' }), executed)).toMatchObject({
      to: 'ended', code: 'result_lost', by: 'sam', reasons: ['result_lost', 'kill_switch'], executed,
    }); // prettier-ignore
    expect(gone(aLease({ state: 'active' }), executed)).toBeUndefined();
  });

  it('is nothing for a lease that is not ending', () => {
    expect(gone(aLease({ state: 'active', releasedAt: before }))).toBeUndefined();
    expect(giveUp(aLease({ state: 'active' }))).toBeUndefined();
    expect(record(aLease({ state: 'ending' }))).toBeUndefined();
    expect(record(aLease({ state: 'minting' }))).toMatchObject({ to: 'active' });
  });
});
