import { describe, expect, it } from '@jest/globals';
import { framesOf, isPlace, placeFrame, told, type Change } from './stream.js';

const change = (more: Partial<Change> = {}): Change => ({
  actionId: 'a', version: 1, state: 'open', groups: ['dba', 'security'], receivers: ['eve'], ...more,
}); // prettier-ignore

const somebody = (sight: string[] | 'all', person = 'anna') => ({ person, sight });

describe('who is told', () => {
  it('is somebody in a group that has a part in it, whoever received a seat, and overseers; nobody else', () => {
    const event = { type: 'opened', id: 'a', version: 1 };
    expect(told([change()], somebody(['security']))).toEqual([event]);
    expect(told([change()], somebody('all'))).toEqual([event]);
    expect(told([change()], somebody(['finance']))).toEqual([]);
    expect(told([change()], somebody([]))).toEqual([]);
    expect(told([change()], somebody([], 'eve'))).toEqual([event]);
  });

  it('hears how it ended, or that it is new, or that it changed', () => {
    const types = [change(), change({ version: 2 }), change({ version: 2, state: 'denied' })];
    expect(told(types, somebody('all')).map(({ type }) => type)).toEqual(['opened', 'changed', 'denied']);
  });
});

describe('what is written', () => {
  it('names the place with the last event only, so that a break in between loses none', () => {
    const events = told([change(), change({ actionId: 'b' })], somebody('all'));
    expect(framesOf(events, '77')).toBe(
      'event: opened\ndata: {"type":"opened","id":"a","version":1}\n\n' +
        'id: 77\nevent: opened\ndata: {"type":"opened","id":"b","version":1}\n\n',
    );
    expect(placeFrame('78')).toBe('id: 78\n\n');
  });

  it('takes for a place only what it could have named', () => {
    expect(['0', '9'.repeat(19)].every(isPlace)).toBe(true);
    expect(['', '-1', '1.5', ' 1', '9'.repeat(20), '1;DROP TABLE approval'].some(isPlace)).toBe(false);
  });
});
