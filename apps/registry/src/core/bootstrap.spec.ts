import { describe, expect, it } from '@jest/globals';
import { aPersonSpec } from '../../../../test/support/gate.js';
import { readBootstrap } from './bootstrap.js';

const rita = { kind: 'people', id: 'rita', spec: aPersonSpec('rita') };
const registrars = { kind: 'groups', id: 'registrars', spec: { members: ['rita'] } };

describe('the bootstrap file', () => {
  it('holds people and the group registrars, read in the order in which they can be registered', () => {
    const read = readBootstrap([registrars, rita]);
    expect(read.ok && read.value.map(({ id }) => id)).toEqual(['rita', 'registrars']);
  });

  it.each<[string, unknown[], string]>([
    ['an agent', [rita, registrars, { kind: 'agents', id: 'a', spec: {} }], 'document 3: agents/a'],
    ['another group', [rita, registrars, { kind: 'groups', id: 'soc-lead', spec: { members: [] } }], 'groups/soc-lead'],
    ['no registrars', [rita], 'registrars is missing'],
    ['something else', [rita, registrars, 'hello'], 'document 3'],
    ['a person of another shape', [{ ...rita, spec: {} }, registrars], 'document 1: identities'],
  ])('is refused with %s', (_, documents, detail) => {
    const read = readBootstrap(documents);
    expect(!read.ok && read.detail).toContain(detail);
  });
});
