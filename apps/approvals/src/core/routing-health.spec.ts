import { describe, expect, it } from '@jest/globals';
import type { Known, Person, RoutingNeed } from '#contracts';
import { agentOf, decider, groupOf } from './plan.fixture.js';
import { routingProblems } from './routing-health.js';

const deafOf = (id: string, members: string[]): Known<'groups'> => {
  const group = groupOf(id, members);
  return { ...group, spec: { ...group.spec, channel: {} } };
};
const need = (more: Partial<RoutingNeed> = {}): RoutingNeed => ({
  where: 'db.group',
  group: 'dba',
  quorum: 1,
  ...more,
});

interface World {
  groups?: Known<'groups'>[];
  people?: Record<string, Partial<Person>>;
  agents?: Known<'agents'>[];
}

function problems(needs: RoutingNeed[], { agents = [], groups = [groupOf('dba', ['anna', 'ben'])], people = {} }: World = {}) {
  const groupNamed = (id: string) => groups.find((group) => group.id === id);
  const peopleOf = (id: string) => (groupNamed(id)?.spec.members ?? []).map((one) => decider(one, people[one] ?? {}));
  const isLoud = (id: string) => groupNamed(id)?.spec.channel.mail !== undefined;
  const toldOf = (id: string) => [...peopleOf(id)].filter(({ id: one }) => isLoud(id) || people[one]?.mail !== undefined);
  const hears = (id: string) => isLoud(id) || toldOf(id).length > 0;
  const found = routingProblems(needs, { groupOf: groupNamed, hears, peopleOf, toldOf, agents });
  return found.map(({ agent, detail, group, kind }) => [kind, agent ?? group, detail].join(': '));
} // prettier-ignore

describe('routing is well', () => {
  it('where every group that rules can name has enough people who hear of it', () => {
    expect(problems([need({ quorum: 2 })], { agents: [agentOf()] })).toEqual([]);
  });
});

describe('before any request it is found', () => {
  it.each<[string, RoutingNeed, World, RegExp]>([
    ['that a group is not there', need({ group: 'legal' }), {}, /^group_missing: legal: no group legal/u],
    ['that a group is empty', need(), { groups: [groupOf('dba', [])] }, /^too_few_people: dba: 0 active people, and db.group may ask for 1/u],
    ['that the quorum is above its people', need({ quorum: 3 }), {}, /^too_few_people: dba: 2 active/u],
    ['that its people are gone', need({ quorum: 2 }), { people: { ben: { state: 'inactive' } } }, /^too_few_people: dba: 1 active/u],
    ['that nobody has the limit', need({ min_limit: { amount_minor: 100_000, currency: 'EUR' } }), {}, /^too_few_people: dba: 0 active people with a limit of 1,000.00 EUR/u],
    ['that an agent’s owner leaves too few', need({ quorum: 2 }), { agents: [agentOf({ owner: 'anna' })] }, /^agent_leaves_too_few: migrator-1: /u],
    ['that an agent’s principals leave too few', need(), { agents: [agentOf({ owner: 'anna', principals: ['ben'] })] }, /^agent_leaves_too_few/u],
    ['that too few can be told', need({ quorum: 2 }), { groups: [deafOf('dba', ['anna', 'ben'])], people: { ben: { mail: 'ben@example.test' } } }, /^too_few_people: dba: 1 active/u],
    ['that a group cannot be told', need(), { groups: [deafOf('dba', ['anna'])] }, /^no_channel: dba/u],
  ])('%s', (_, wanted, world, expected) => {
    const found = problems([wanted], world);
    expect(found).toEqual([expect.stringMatching(expected)]);
  }); // prettier-ignore

  it('only for agents that can ask for such an action', () => {
    const scoped = (action: string) => agentOf({ owner: 'anna', scope: [{ actions: [action], resources: ['**'] }] });
    const found = (action: string) => problems([need({ quorum: 2, actions: ['db.*'] })], { agents: [scoped(action)] });
    expect([found('db.schema.migrate'), found('db.*'), found('*'), found('data.share')].map(({ length }) => length)).toEqual([1, 1, 1, 0]);
  }); // prettier-ignore

  it('once that nobody hears, however many settings name the group', () => {
    const deaf = { groups: [deafOf('dba', ['anna'])] };
    expect(problems([need(), need({ where: 'rate.group' })], deaf)).toHaveLength(1);
  });
});
