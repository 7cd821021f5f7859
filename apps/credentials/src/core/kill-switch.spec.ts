import { describe, expect, it } from '@jest/globals';
import { killPart, killSwitchChanged, pullLine, registryKinds } from '#contracts';
import { changeOf, decideRelease, kindOfScope, lineOf, type Pull } from './kill-switch.js';

const at = new Date('2026-11-24T12:00:00.000Z');

function aPull(more: Partial<Pull> = {}): Pull {
  return {
    pullId: '019aabbb-0000-7000-8000-000000000001',
    epoch: 7,
    version: 1,
    scope: 'agent',
    scopeId: 'migrator-1',
    by: 'ines',
    reason: 'odd refunds',
    pulledAt: at,
    live: 5,
    asked: null,
    releasedAt: null,
    ...more,
  };
}

const asked = (by: string) => aPull({ asked: { by, reason: 'over', at } });
const officers = new Set(['ines', 'ivo', 'ida']);

describe('a release', () => {
  it.each([
    ['is asked for by the first, who may have pulled it', aPull(), 'ines', { ok: true, step: 'ask' }],
    ['is made by a second', asked('ines'), 'ivo', { ok: true, step: 'release' }],
    [
      'is not made by the same person twice',
      asked('ines'),
      'ines',
      { ok: false, code: 'not_eligible', why: 'already_voted' },
    ],
    ['begins anew where the first is no officer any more', asked('eve'), 'ivo', { ok: true, step: 'ask' }],
    ['is no business of others', asked('ines'), 'eve', { ok: false, code: 'not_eligible', why: 'not_in_group' }],
    ['happens once', aPull({ ...asked('ines'), releasedAt: at }), 'ida', { ok: false, code: 'already_decided' }],
  ])('%s', (_, pull, person, expected) => {
    expect(decideRelease(pull, person, officers)).toEqual(expected);
  });

  it('is made by nobody while there are no officers', () => {
    for (const pull of [aPull(), asked('ines')]) {
      expect(decideRelease(pull, 'ivo', new Set())).toMatchObject({ ok: false, why: 'not_in_group' });
    }
  });

  it('never takes fewer than two different officers, in whatever order they come', () => {
    const everybody = ['ines', 'ivo', 'ida', 'eve'];
    const orders = everybody.flatMap((a) => everybody.flatMap((b) => everybody.map((c) => [a, b, c])));
    for (const order of orders) {
      let pull = aPull();
      const came = new Set<string>();
      for (const person of order) {
        const decision = decideRelease(pull, person, officers);
        if (!decision.ok) continue;
        came.add(person);
        if (decision.step === 'ask') pull = asked(person);
        else pull = aPull({ ...pull, releasedAt: at });
      }
      expect([order, pull.releasedAt !== null]).toEqual([order, came.size >= 2]);
      expect(came.has('eve')).toBe(false);
    }
  });
});

describe('what is said of a change', () => {
  it('is what the contract allows, with the id where there is one', () => {
    const by = { by: 'ivo', reason: 'over', at };
    const said = changeOf(aPull(), 'released', by);
    expect(killSwitchChanged.data.parse(said)).toEqual(said);
    expect(said).toMatchObject({ epoch: 7, state: 'released', by: 'ivo', scope: 'agent', scope_id: 'migrator-1' });
    const everything = changeOf(aPull({ scope: 'global', scopeId: null }), 'pulled', by);
    expect(killSwitchChanged.data.parse(everything)).toEqual(everything);
    expect(everything).not.toHaveProperty('scope_id');
  });

  it('names a registered thing for every scope but everything', () => {
    for (const part of killPart.options) expect(registryKinds).toContain(kindOfScope[part]);
  });
});

describe('the progress of a pull', () => {
  it('adds up over targets, and names those where something is stuck', () => {
    const line = lineOf(asked('ines'), [
      { target: 'orders-db', live: 2, stuck: 1 },
      { target: 'sharing', live: 1, stuck: 0 },
    ]);
    expect(pullLine.parse(line)).toEqual(line);
    expect(line).toMatchObject({ live: 3, ended: 2, stuck: 1, stuck_at: [{ target: 'orders-db', leases: 1 }] });
    expect(line.release).toEqual({ by: 'ines', at: at.toISOString(), reason: 'over', waits_for: 1 });
  });

  it('never says that less than nothing has ended', () => {
    expect(lineOf(aPull({ live: 0 }), [{ target: 'sharing', live: 1, stuck: 0 }])).toMatchObject({ live: 1, ended: 0 });
    expect(lineOf(aPull({ scope: 'global', scopeId: null }), [])).toMatchObject({ live: 0, ended: 5, stuck_at: [] });
  });
});
