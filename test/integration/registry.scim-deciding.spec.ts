import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { scratchFolder } from '../support/scratch.js';
import { DecidingWorld } from './deciding-world.js';
import { RegistryWorld } from './registry-world.js';
import { letIn, ScimProvider } from './scim-provider.js';

const scratch = scratchFolder('scim');
let registry: RegistryWorld;
let world: DecidingWorld;
let provider: ScimProvider;
let dba: string;
const users: Record<string, string> = {};
const userOf = (name: string): string => `/Users/${users[name] ?? ''}`;

beforeAll(async () => {
  registry = await RegistryWorld.start();
  const { issuer } = registry.issuer;
  provider = new ScimProvider(registry.url('registry'), scratch.dir, { name: 'okta', issuer, groups: { DBA: 'dba' } });
  letIn(registry, [provider]);
  await registry.startRegistry();
  world = await DecidingWorld.beside(registry);
  for (const name of ['anna', 'ben', 'cora', 'dan', 'eve']) {
    users[name] = (await provider.user(name, { externalId: name })).id;
  }
  dba = (await provider.group('DBA', Object.values(users))).id;
}, 90_000);
afterAll(async () => {
  await world.remove();
  await registry.remove();
  scratch.remove();
}, 30_000);

it('a person whom a provider has pushed decides', async () => {
  const request = await world.open('eve');
  expect(await world.vote('eve', request)).toMatchObject({ status: 200, body: { state: 'granted' } });
});

it.each<[string, string, () => Promise<{ status: number }>]>([
  ['deactivated', 'anna', () => provider.patch(userOf('anna'), { op: 'Replace', path: 'active', value: 'False' })],
  ['deleted', 'ben', () => provider.call('DELETE', userOf('ben'))],
  ['taken out of the group', 'cora', () =>
    provider.patch(`/Groups/${dba}`, { op: 'Remove', path: `members[value eq "${users['cora'] ?? ''}"]` })],
])('a person who was %s a second ago cannot decide; others still can', async (_, name, remove) => {
  const request = await world.open(name);
  expect((await remove()).status).toBeLessThan(300);
  const { status, body } = await world.vote(name, request);
  // Refused as nobody, or as somebody for whom there is nothing here to see, by how far the news has travelled.
  expect([403, 404]).toContain(status);
  expect(['not_eligible', 'not_found']).toContain(body['code']);
  expect(await world.vote('dan', request)).toMatchObject({ status: 200, body: { state: 'granted' } });
}); // prettier-ignore
