import { describe, expect, it } from '@jest/globals';
import type { SpecOf } from './registry/index.js';
import { addressesOf, mostToldOneByOne, personRecipient, toldOf, type Directory } from './recipient.js';

const mails: Record<string, string | undefined> = { ada: 'ada@example.test', bob: 'bob@example.test', cy: undefined };
const crowd = (count: number): string[] => Array.from({ length: count }, () => 'ada');
const groups: Record<string, Partial<SpecOf<'groups'>>> = {
  dba: { members: ['ada', 'cy', 'ghost'], channel: { mail: 'dba@example.test' } },
  both: { members: ['ada'], channel: { mail: 'x@example.test', webhook: { url_secret: 'u', key_secret: 'k' } } },
  pushed: { members: ['ada', 'bob', 'cy', 'ghost'], channel: {} },
  silent: { members: ['cy', 'ghost'], channel: {} },
  empty: { members: [], channel: {} },
  most: { members: crowd(mostToldOneByOne), channel: {} },
  'too-large': { members: crowd(mostToldOneByOne + 1), channel: {} },
};
const directory = {
  get: (kind: string, id: string): unknown => {
    if (kind === 'groups') return groups[id] && { spec: groups[id] };
    return id in mails ? { spec: { mail: mails[id] } } : undefined;
  },
} as Directory;
const at = (recipient: string): string[] =>
  addressesOf(recipient, directory).map(({ channels, recipient: where }) => `${where} ${channels.join('+')}`);

describe('who is told, and where', () => {
  it.each([
    ['a group, at its own channels', 'dba', ['dba mail'], ['ada', 'cy', 'ghost']],
    ['a group with two', 'both', ['both mail+webhook'], ['ada']],
    ['a group without: its members who have a mail address', 'pushed', ['person:ada mail', 'person:bob mail'], ['ada', 'bob']],
    ['a group of people without', 'silent', [], []],
    ['an empty group', 'empty', [], []],
    ['no group at all', 'nothing', [], []],
    ['a group without, larger than anybody wants mails for', 'too-large', [], []],
    ['a person, by mail', personRecipient('ada'), ['person:ada mail'], ['ada']],
    ['a person without', personRecipient('cy'), [], []],
    ['nobody', personRecipient('ghost'), [], []],
  ])('%s', (_, recipient, addresses, people) => {
    expect(at(recipient)).toEqual(addresses);
    expect(toldOf(recipient, directory)).toEqual(people);
  }); // prettier-ignore

  it('a group without, of as many as that', () => {
    expect(toldOf('most', directory)).toHaveLength(mostToldOneByOne);
  });
});
