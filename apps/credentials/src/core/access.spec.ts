import { describe, expect, it } from '@jest/globals';
import type { Known } from '#contracts';
import { accessOf, sightOf } from './access.js';
import { aLease } from './lease.fixture.js';

const group = (id: string, ...members: string[]): Known<'groups'> => ({
  kind: 'groups', id, version: 1, changed_by: 'rita', changed_at: '2026-11-24T10:00:00.000Z', spec: { members, channel: {} },
}); // prettier-ignore

const groups = [
  group('dba', 'ada', 'bob'),
  group('finance', 'bob', 'sam'),
  group('soc-lead', 'sam'),
  group('registrars', 'rita'),
  group('auditors', 'aud'),
  group('security-officers', 'olaf'),
];

describe('what a list of leases shows a person', () => {
  it('is what their groups decide, all of them, and what they decide by name', () => {
    expect(sightOf('ada', groups)).toEqual(['dba', 'person:ada']);
    expect(sightOf('bob', groups)).toEqual(['dba', 'finance', 'person:bob']);
    expect(sightOf('eve', groups)).toEqual(['person:eve']);
  });

  it('is everything for soc-lead, registrars and auditors, whatever else they are in, and for nobody besides', () => {
    for (const overseer of ['sam', 'rita', 'aud']) expect(sightOf(overseer, groups)).toBe('all');
    expect(sightOf('olaf', groups)).toEqual(['security-officers', 'person:olaf']);
  });
});

it('a lease is ended by the people of its plan, by group and by name, and by nobody else', () => {
  const lease = aLease({ groups: ['dba', 'person:nora'] });
  const access = ['ada', 'nora', 'eve', 'aud'].map((person) => accessOf(person, lease, groups));
  expect(access).toEqual(['end', 'end', 'none', 'read']);
});
