import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { versionsAnswer } from '#contracts';
import { scratchFolder } from '../support/scratch.js';
import { RegistryWorld } from './registry-world.js';
import { letIn, ScimProvider } from './scim-provider.js';

const scratch = scratchFolder('scim');
let world: RegistryWorld;
let okta: ScimProvider;
let entra: ScimProvider;
let app: NestFastifyApplication;
const ids: Record<string, string> = {};
const of = (...names: string[]): string[] => names.map((name) => ids[name] ?? '');
const entriesOf = (...names: string[]): string[] => of(...names).map((id) => `okta.${id}`);

beforeAll(async () => {
  world = await RegistryWorld.start();
  const groups = { 'Gate Auditors': 'auditors', 'Gate Registrars': 'registrars', DBA: 'dba' };
  const url = world.url('registry');
  okta = new ScimProvider(url, scratch.dir, { name: 'okta', issuer: world.issuer.issuer, groups });
  entra = new ScimProvider(url, scratch.dir, {
    name: 'entra',
    issuer: 'https://second.example',
    groups: { DBA: 'dba' },
  });
  letIn(world, [okta, entra]);
  app = await world.startRegistry();
  for (const id of ['dora', 'dick']) await world.register('people', id, world.person(id));
  await world.register('groups', 'dba', { members: ['dora', 'dick'], channel: { mail: 'dba@corp.example' } });
  await world.register('groups', 'security', { members: ['dora'] });
  for (const name of ['ann', 'bob', 'cid', 'dan']) ids[name] = (await okta.user(name)).id;
}, 90_000);
afterAll(async () => {
  await world.remove();
  scratch.remove();
}, 30_000);

const specOf = async (id: string) => {
  const { body } = await world.call('registry', 'GET', `/v1/groups/${id}`, { as: 'rita' });
  return body['spec'] as { members: string[] } & Record<string, unknown>;
};
const membersOf = async (id: string) => (await specOf(id)).members;
const refusal = (status: number, scimType?: string) => ({
  status,
  body: { status: String(status), ...(scimType !== undefined && { scimType }) },
});

describe('a group', () => {
  it('becomes a group of the registry with the provider’s users, under an id after its name', async () => {
    const crew = await okta.group('Crew Ä 1', of('ann', 'bob'), { externalId: 'g-1' });
    expect(crew).toMatchObject({ displayName: 'Crew Ä 1', externalId: 'g-1', meta: { resourceType: 'Group' } });
    expect((crew['members'] as { value: string }[]).map(({ value }) => value)).toEqual(of('ann', 'bob'));
    expect(await specOf('okta.crew-a-1')).toEqual({
      members: entriesOf('ann', 'bob'),
      channel: {},
      description: 'Crew Ä 1',
    });
    const found = await okta.find('Groups', 'displayName eq "crew ä 1"', '&excludedAttributes=members');
    expect(found).toMatchObject({ total: 1, found: [{ id: crew.id }] });
    expect(found.found[0]).not.toHaveProperty('members');
    expect(await okta.find('Groups', `id eq "${crew.id}" and members eq "${ids['ann'] ?? ''}"`)).toMatchObject({
      total: 1,
    });
    expect(await okta.find('Groups', `members.value eq "${ids['dan'] ?? ''}"`)).toMatchObject({ total: 0 });
  });

  it('gains and loses members as Okta and Entra say it', async () => {
    const { id } = await okta.group('Shifts');
    const patch = async (...operations: unknown[]) => (await okta.patch(`/Groups/${id}`, ...operations)).status;
    const [ann = '', bob = ''] = of('ann', 'bob');
    await patch({ op: 'Add', path: 'members', value: [{ value: ann }, { value: bob, display: 'Bob' }] });
    expect(await membersOf('okta.shifts')).toEqual(entriesOf('ann', 'bob'));
    await patch({ op: 'add', path: 'members', value: [{ value: ann }] });
    expect((await okta.get(`/Groups/${id}`)).headers.get('etag')).toBe('W/"2.1"');
    await patch({ op: 'Remove', path: `members[value eq "${ann}"]` });
    expect(await membersOf('okta.shifts')).toEqual(entriesOf('bob'));
    // Again: it is so already.
    expect(await patch({ op: 'Remove', path: `members[value eq "${ann}"]` })).toBe(200);
    await patch({ op: 'replace', path: 'members', value: of('cid', 'dan').map((value) => ({ value })) });
    expect(await membersOf('okta.shifts')).toEqual(entriesOf('cid', 'dan'));
    await patch({ op: 'Remove', path: 'members', value: of('dan').map((value) => ({ value })) });
    expect(await membersOf('okta.shifts')).toEqual(entriesOf('cid'));
    await patch({ op: 'remove', path: 'members' });
    expect(await membersOf('okta.shifts')).toEqual([]);
  });

  it('is renamed as Okta does it, with its id in the value, and keeps the id that policy knows', async () => {
    const { id } = await okta.group('Old Name', of('ann'));
    expect((await okta.patch(`/Groups/${id}`, { op: 'replace', value: { id, displayName: 'New Name' } })).status).toBe(
      200,
    );
    expect(await specOf('okta.old-name')).toMatchObject({ description: 'New Name', members: entriesOf('ann') });
    const put = await okta.call('PUT', `/Groups/${id}`, { body: { displayName: 'New Name', members: [] } });
    expect(put).toMatchObject({ status: 200, body: { members: [] } });
    // The id is taken as long as the group lives, so that no other group gets what it may do.
    expect(await okta.call('POST', '/Groups', { body: { displayName: 'Old Name' } })).toMatchObject(
      refusal(409, 'uniqueness'),
    );
  });

  it('refuses a member whom nobody knows, and changes nothing', async () => {
    const { id } = await okta.group('Strict', of('ann'));
    const unknown = '01990000-0000-7000-8000-000000000000';
    for (const value of [unknown, 'dora', 'not an id']) {
      const members = [{ value: ids['bob'] }, { value }];
      const add = await okta.patch(`/Groups/${id}`, { op: 'add', path: 'members', value: members });
      expect(add).toMatchObject(refusal(400, 'invalidValue'));
      expect(add.body.detail).toContain(value);
      const body = { displayName: 'Strict', members };
      expect(await okta.call('PUT', `/Groups/${id}`, { body })).toMatchObject(refusal(400, 'invalidValue'));
    }
    const nested = { displayName: 'Nested', members: [{ value: id, type: 'Group' }] };
    expect(await okta.call('POST', '/Groups', { body: nested })).toMatchObject(refusal(400, 'invalidValue'));
    expect(await membersOf('okta.strict')).toEqual(entriesOf('ann'));
  });

  it('lets one of two changes of the same version win', async () => {
    const { id, meta } = await okta.group('Race');
    const headers = { 'if-match': (meta as { version: string }).version };
    const put = (name: string) =>
      okta.call('PUT', `/Groups/${id}`, {
        headers,
        body: { displayName: 'Race', members: of(name).map((value) => ({ value })) },
      });
    const statuses = (await Promise.all(['ann', 'bob', 'cid'].map(put))).map(({ status }) => status);
    expect(statuses.sort()).toEqual([200, 412, 412]);
  });

  it('is deleted by a version, and comes back under its id when the provider makes it again', async () => {
    const { id } = await okta.group('Brief', of('ann'));
    expect((await okta.call('DELETE', `/Groups/${id}`)).status).toBe(204);
    expect(await okta.get(`/Groups/${id}`)).toMatchObject(refusal(404));
    await okta.group('Brief');
    const { body } = await world.call('registry', 'GET', '/v1/groups/okta.brief/versions', { as: 'rita' });
    const { versions } = versionsAnswer.parse(body);
    expect(versions.map(({ version, deleted }) => [version, deleted])).toEqual([[3, false], [2, true], [1, false]]); // prettier-ignore
  });
});

it('what a registrar has deleted is gone for its provider too, until it pushes it again', async () => {
  const remove = (kind: string, id: string) =>
    world.call('registry', 'DELETE', `/v1/${kind}/${id}`, { as: 'rita', ifMatch: 1 });
  const user = await okta.user('zoe');
  const crew = await okta.group('Zoo', [user.id]);
  expect((await remove('people', `okta.${user.id}`)).status).toBe(200);
  expect(await okta.get(`/Users/${user.id}`)).toMatchObject(refusal(404));
  expect((await okta.get(`/Groups/${crew.id}`)).body['members']).toEqual([]);
  expect((await remove('groups', 'okta.zoo')).status).toBe(200);
  expect(await okta.patch(`/Groups/${crew.id}`, { op: 'remove', path: 'members' })).toMatchObject(refusal(404));
  const again = await okta.user('zoe');
  expect(again.id).not.toBe(user.id);
  expect((await okta.group('Zoo', [again.id])).id).not.toBe(crew.id);
  expect(await membersOf('okta.zoo')).toEqual([`okta.${again.id}`]);
});

describe('a group that a provider did not make', () => {
  it('is out of reach unless the settings map it', async () => {
    await okta.group('security', of('ann'));
    expect(await membersOf('okta.security')).toEqual(entriesOf('ann'));
    expect(await membersOf('security')).toEqual(['dora']);
    await okta.group('break-glass', of('ann'));
    const { status } = await world.call('registry', 'GET', '/v1/groups/break-glass', { as: 'rita' });
    expect(status).toBe(404);
    // Also not by an id that looks like one of its own.
    await world.register('groups', 'okta.by-hand', { members: ['dora'] });
    expect(await okta.call('POST', '/Groups', { body: { displayName: 'By Hand' } })).toMatchObject(
      refusal(409, 'uniqueness'),
    );
  });

  it('is filled beside the members by other hands, keeps its channel, and is not deleted', async () => {
    const dba = await okta.group('DBA', of('ann', 'bob'));
    expect(await specOf('dba')).toEqual({
      members: ['dora', 'dick', ...entriesOf('ann', 'bob')],
      channel: { mail: 'dba@corp.example' },
    });
    expect((await okta.get(`/Groups/${dba.id}`)).body['members']).toHaveLength(2);
    await okta.call('PUT', `/Groups/${dba.id}`, { body: { displayName: 'DBA', members: [] } });
    expect(await membersOf('dba')).toEqual(['dora', 'dick']);
    expect(await entra.call('POST', '/Groups', { body: { displayName: 'DBA' } })).toMatchObject(
      refusal(409, 'uniqueness'),
    );
    const rename = { op: 'replace', path: 'displayName', value: 'Not DBA' };
    expect(await okta.patch(`/Groups/${dba.id}`, rename)).toMatchObject(refusal(400, 'mutability'));
    await okta.patch(`/Groups/${dba.id}`, { op: 'add', path: 'members', value: [{ value: ids['ann'] }] });
    expect((await okta.call('DELETE', `/Groups/${dba.id}`)).status).toBe(204);
    expect(await membersOf('dba')).toEqual(['dora', 'dick']);
  });

  it('is changed although somebody by another hand has been deleted since', async () => {
    const dba = await okta.group('DBA', of('ann'));
    await world.call('registry', 'DELETE', '/v1/people/dick', { as: 'rita', ifMatch: 1 });
    await okta.patch(`/Groups/${dba.id}`, { op: 'add', path: 'members', value: [{ value: ids['bob'] }] });
    expect(await membersOf('dba')).toEqual(['dora', ...entriesOf('ann', 'bob')]);
  });

  it('is a built-in one only by the mapping; and the registry is never left without a registrar', async () => {
    await okta.group('Gate Auditors', of('cid'));
    expect(await membersOf('auditors')).toEqual(entriesOf('cid'));
    const admins = await okta.group('Gate Registrars', of('dan'));
    expect(await membersOf('registrars')).toEqual(['rita', ...entriesOf('dan')]);
    const spec = world.person('rita', { state: 'inactive' });
    await world.register('people', 'rita', spec, { ifMatch: 1 });
    expect(await okta.patch(`/Users/${ids['dan'] ?? ''}`, { op: 'replace', value: { active: false } })).toMatchObject(
      refusal(400),
    );
    expect(await okta.call('DELETE', `/Users/${ids['dan'] ?? ''}`)).toMatchObject(refusal(400));
    expect(await okta.call('DELETE', `/Groups/${admins.id}`)).toMatchObject(refusal(400));
    // Dan signs in with the account that was pushed, and is a registrar.
    await world.register('people', 'rita', world.person('rita'), { as: 'ext-dan', ifMatch: 2 });
  });

  it('is out of reach again as soon as the settings do not map it any more; what the provider made stays its own', async () => {
    const [{ id } = { id: '' }] = (await okta.find('Groups', 'displayName eq "Gate Auditors"')).found;
    const [crew = { id: '' }] = (await okta.find('Groups', 'displayName eq "Strict"')).found;
    okta.setting.groups = {};
    letIn(world, [okta, entra]);
    await world.stop(app);
    await world.startRegistry();
    const add = { op: 'add', path: 'members', value: [{ value: ids['ann'] }] };
    expect(await okta.patch(`/Groups/${id}`, add)).toMatchObject(refusal(403));
    expect(await okta.call('PUT', `/Groups/${id}`, { body: { displayName: 'Gate Auditors' } })).toMatchObject(
      refusal(403),
    );
    expect(await okta.call('DELETE', `/Groups/${id}`)).toMatchObject(refusal(403));
    expect(await membersOf('auditors')).toEqual(entriesOf('cid'));
    expect((await okta.patch(`/Groups/${crew.id}`, add)).status).toBe(200);
  });
});
