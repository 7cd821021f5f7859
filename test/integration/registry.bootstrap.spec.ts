import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { aPersonSpec } from '../support/gate.js';
import { RegistryWorld } from './registry-world.js';

let world: RegistryWorld;
beforeAll(async () => {
  world = await RegistryWorld.start();
}, 90_000);
afterAll(() => world.remove(), 30_000);

const bootstrapSays = async (detail: string): Promise<void> =>
  eventually(async () => {
    const { body } = await world.call('registry', 'GET', '/readyz');
    expect(JSON.stringify(body)).toContain(detail);
  });
const entries = () => world.sql<{ id: string }>('SELECT id FROM registry.entries ORDER BY id');

it('says that it is empty when no file is named, and what to do', async () => {
  const app = await world.startUnready('');
  await bootstrapSays('SALLYPORT_REGISTRY_BOOTSTRAP_FILE');
  await world.stop(app);
});

it.each<[string, () => string]>([
  ['more than people and registrars', () => world.bootstrapFile(['rita'], [{ kind: 'groups', id: 'soc-lead', spec: { members: [] } }])],
  ['nobody who is active', () => world.bootstrapFile([], [{ kind: 'people', id: 'idle', spec: aPersonSpec('idle', { state: 'inactive' }) }])],
  ['a member who is nobody', () => world.bootstrapFile([], [{ kind: 'people', id: 'rita', spec: aPersonSpec('rita', { manager: 'ghost' }) }])],
  ['something that is no YAML', () => {
    const file = world.bootstrapFile();
    writeFileSync(file, '{ "kind": [');
    return file;
  }],
  ['nothing, not even a file', () => '/nowhere/bootstrap.yaml'],
])('refuses a file with %s, keeps nothing of it, and says so', async (_, file) => {
  const app = await world.startUnready(file());
  await bootstrapSays('refused');
  expect(await entries()).toEqual([]);
  await world.stop(app);
}); // prettier-ignore

it('reads the file once, by one of two instances, and never again', async () => {
  const first = world.bootstrapFile(['rita']);
  const [one] = await Promise.all([world.startRegistry(first), world.startSecond('registry', first)]);
  expect((await entries()).map(({ id }) => id)).toEqual(['registrars', 'rita']);
  expect(await world.sql('SELECT id FROM registry.entry_versions')).toHaveLength(2);
  await world.stop(one);
  const again = await world.startRegistry(world.bootstrapFile(['mallory']));
  await bootstrapSays('not needed');
  expect((await entries()).map(({ id }) => id)).toEqual(['registrars', 'rita']);
  await world.stop(again);
}, 30_000);
