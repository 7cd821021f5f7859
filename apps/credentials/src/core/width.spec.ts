import { describe, expect, it } from '@jest/globals';
import type { Agent, Known, Profile, Resource } from '#contracts';
import { aProfile, aWorld, known } from './evidence.fixture.js';
import { leftAtTarget, widerAtTarget, widerThanUsed, type Power, type Registered } from './width.js';

const { agent } = aWorld();
const asking = (...scope: Agent['scope']): Known<'agents'> => ({ ...agent, spec: { ...agent.spec, scope } });
const resource = (id: string) =>
  ({ ...known('targets', id, {} as never), kind: 'resources', spec: {} as Resource }) as const;
const caps = { ttl_seconds: 900, uses: 1 };
const codes = (found: readonly { code: string; detail: string }[]): string[] =>
  found.map(({ code, detail }) => `${code} ${detail}`);

describe('a profile is wider than what uses it', () => {
  const migrates = { actions: ['db.schema.migrate'], resources: ['prod/orders'] };
  const used = (over: Partial<Profile>, more: Partial<Registered> = {}): string[] => {
    const around = { agents: [asking(migrates)], resources: ['prod/orders', 'prod/pay'].map(resource), caps, ...more };
    return codes(widerThanUsed(aProfile({ resources: ['prod/orders'], ...over }), around));
  };

  it('not where each action and resource is one that an agent may ask for, within the rules', () => {
    expect(used({})).toEqual([]);
    expect(used({ max_ttl_seconds: 900 })).toEqual([]);
  });

  it.each<[string, Partial<Profile>, string[]]>([
    [
      'an action that no agent may ask for',
      { actions: ['db.schema.migrate', 'db.drop'] },
      ['action_of_nobody db.drop'],
    ],
    ['a pattern over what no agent may ask for', { resources: ['prod/*'] }, ['resource_of_nobody prod/pay']],
    ['more time than the rules give', { max_ttl_seconds: 901 }, ['ttl_above_rules 901, at most 900']],
    ['more uses than the rules give', { uses: 2 }, ['uses_above_rules 2, at most 1']],
  ])('with %s', (_, over, found) => {
    expect(used(over)).toEqual(found);
  });

  it('where an agent may ask for one thing here and for another there, but not for both together', () => {
    const agents = [asking(migrates, { actions: ['db.read'], resources: ['prod/pay'] })];
    expect(used({ resources: ['prod/*'], actions: ['db.schema.migrate'] }, { agents })).toEqual([
      'resource_of_nobody prod/pay',
    ]);
  });

  it('by the names alone where nothing that it covers is registered', () => {
    expect(used({}, { resources: [] })).toEqual([]);
    expect(used({ actions: ['db.drop'] }, { resources: [] })).toEqual(['action_of_nobody db.drop']);
  });

  it('nobody can say when policy does not answer, and that is said', () => {
    expect(used({}, { caps: undefined })).toEqual(['rules_unknown policy does not answer']);
  });

  it('with many, of which the first are named', () => {
    const resources = Array.from({ length: 8 }, (_, n) => resource(`prod/t${String(n)}`));
    const agents = [asking({ actions: ['db.schema.migrate'], resources: ['prod/t0'] })];
    expect(used({ resources: ['prod/*'] }, { resources, agents })).toEqual([
      'resource_of_nobody prod/t1, prod/t2, prod/t3, prod/t4, prod/t5, 2 more',
    ]);
  });
});

describe('a target lets a profile do more', () => {
  const installed: Power = { profile: 'orders_ddl', power: 'installed', detail: '600' };
  const there = (over: Partial<Profile>, ...powers: Power[]): string[] =>
    codes(widerAtTarget(aProfile(over), [installed, ...powers]));
  const power = (kind: Power['power'], detail: string): Power => ({ profile: 'orders_ddl', power: kind, detail });

  it.each<[Power['power'], string, string]>([
    ['attribute', 'orders_owner CREATEROLE', 'special_rights orders_owner CREATEROLE'],
    ['predefined', 'pg_write_all_data', 'special_rights pg_write_all_data'],
    ['connects', 'payroll', 'other_database payroll'],
  ])('than any profile should: %s', (kind, detail, found) => {
    expect(there({}, power(kind, detail))).toEqual([found]);
  });

  it('than reading, where that is all it is for', () => {
    const powers = [power('changes', 'public.orders'), power('creates', 'public')];
    expect(there({}, ...powers)).toEqual([]);
    expect(there({ read_only: true }, ...powers)).toEqual(['can_change public.orders', 'can_create public']);
  });

  it('not by what another profile there can do', () => {
    expect(there({}, { profile: 'other', power: 'attribute', detail: 'x SUPERUSER' })).toEqual([]);
  });

  it('or nothing, where it is not installed', () => {
    expect(codes(widerAtTarget(aProfile(), []))).toEqual(['not_at_target orders_ddl']);
  });

  it('for longer than anybody is given, or for nobody', () => {
    const profiles = [aProfile({ max_ttl_seconds: 300 })];
    expect(codes(leftAtTarget('orders-db', profiles, [installed]))).toEqual([
      'ttl_at_target 600 s there, 300 s registered',
    ]);
    expect(leftAtTarget('orders-db', [aProfile({ max_ttl_seconds: 600 })], [installed])).toEqual([]);
    expect(codes(leftAtTarget('other-db', profiles, [installed]))).toEqual([
      'of_no_profile no registered profile uses it',
    ]);
  });
});
