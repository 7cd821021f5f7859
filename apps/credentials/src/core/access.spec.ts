import { describe, expect, it } from '@jest/globals';
import type { Known } from '#contracts';
import { sightOf } from './access.js';

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
  it('is what their groups decide: all of them, and nothing without any', () => {
    expect(sightOf('ada', groups)).toEqual(['dba']);
    expect(sightOf('bob', groups)).toEqual(['dba', 'finance']);
    expect(sightOf('eve', groups)).toEqual([]);
  });

  it('is everything for soc-lead, registrars and auditors, whatever else they are in, and for nobody besides', () => {
    for (const overseer of ['sam', 'rita', 'aud']) expect(sightOf(overseer, groups)).toBe('all');
    expect(sightOf('olaf', groups)).toEqual(['security-officers']);
  });
});
