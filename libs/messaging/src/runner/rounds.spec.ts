import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { roundsOf } from './rounds.js';

interface Event {
  key: string;
  lane: string;
  n: number;
}

const events = fc
  .array(fc.record({ key: fc.constantFrom('a', 'b', 'c'), lane: fc.constantFrom('x', 'y') }), { maxLength: 40 })
  .map((list) => list.map((event, n): Event => ({ ...event, n })));

const roundsOfEvents = (list: readonly Event[]) =>
  roundsOf(
    list,
    ({ key }) => key,
    ({ lane }) => lane,
  );

describe('rounds', () => {
  it('hand over every event once, no key twice in one call, and each key in its order', () => {
    fc.assert(
      fc.property(events, (list) => {
        const groups = roundsOfEvents(list);
        const flat = groups.flatMap(({ members }) => members);
        expect(flat.map(({ n }) => n).sort((a, b) => a - b)).toEqual(list.map(({ n }) => n));
        for (const { lane, members } of groups) {
          expect(new Set(members.map(({ key }) => key)).size).toBe(members.length);
          expect(members.every((member) => member.lane === lane)).toBe(true);
        }
        for (const key of ['a', 'b', 'c']) {
          const order = flat.filter((event) => event.key === key).map(({ n }) => n);
          expect(order).toEqual([...order].sort((a, b) => a - b));
        }
      }),
    );
  });

  it('put events of different keys and one lane into one call', () => {
    const list = ['a', 'b', 'c'].map((key, n) => ({ key, lane: 'x', n }));
    expect(roundsOfEvents(list)).toHaveLength(1);
  });
});
