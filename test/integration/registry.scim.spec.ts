import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { registryChanged, registryEntry, topics, versionsAnswer } from '#contracts';
import { makeProof, signServiceToken } from '#trust';
import { eventually } from '../support/eventually.js';
import { aSigningKey } from '../support/gate.js';
import { scratchFolder } from '../support/scratch.js';
import { RegistryWorld } from './registry-world.js';
import { aUser, letIn, ScimProvider } from './scim-provider.js';

const scratch = scratchFolder('scim');
const secondIssuer = 'https://second.example';
let world: RegistryWorld;
let okta: ScimProvider;
let entra: ScimProvider;

beforeAll(async () => {
  world = await RegistryWorld.start();
  const url = world.url('registry');
  okta = new ScimProvider(url, scratch.dir, {
    name: 'okta',
    issuer: world.issuer.issuer,
    people: ['olga'],
    groups: { 'Gate Auditors': 'auditors', 'Gate Registrars': 'registrars', DBA: 'dba' },
  });
  entra = new ScimProvider(url, scratch.dir, { name: 'entra', issuer: secondIssuer, subject: 'userName' });
  letIn(world, [okta, entra]);
  await world.startRegistry();
  const limits = [{ amount_minor: 500_000, currency: 'EUR' }];
  await world.register('people', 'olga', world.person('olga', { limits }));
  await world.register('people', 'dora', world.person('dora'));
  await world.register('groups', 'dba', { members: ['dora'], channel: { mail: 'dba@corp.example' } });
}, 90_000);
afterAll(async () => {
  await world.remove();
  scratch.remove();
}, 30_000);

const entry = async (kind: string, id: string) =>
  (await world.call('registry', 'GET', `/v1/${kind}/${id}`, { as: 'rita' })).body;
const specOf = async (kind: string, id: string) => (await entry(kind, id))['spec'] as Record<string, unknown>;
const membersOf = async (id: string) => (await specOf('groups', id))['members'];
const idOf = ({ id }: { id: string }): string => `okta.${id}`;
const refusal = (status: number, scimType?: string) => ({
  status,
  body: {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    status: String(status),
    ...(scimType !== undefined && { scimType }),
  },
});

describe('what a provider reads before it pushes', () => {
  it('says what this door can do, and describes what is kept', async () => {
    const config = await okta.get('/ServiceProviderConfig');
    expect(config.headers.get('content-type')).toContain('application/scim+json');
    expect(config.body).toMatchObject({
      patch: { supported: true },
      bulk: { supported: false },
      etag: { supported: true },
    });
    expect((await okta.get('/ResourceTypes')).body).toMatchObject({ totalResults: 2 });
    expect((await okta.get('/ResourceTypes/Group')).body).toMatchObject({ endpoint: '/Groups' });
    expect((await okta.get('/Schemas')).body).toMatchObject({ totalResults: 2 });
    const user = await okta.get('/Schemas/urn:ietf:params:scim:schemas:core:2.0:User');
    expect(user.body).toMatchObject({ name: 'User' });
    expect(await okta.get('/Schemas/urn:of:nothing')).toMatchObject(refusal(404));
  });
});

describe('who comes in', () => {
  it('is whoever holds the token of a provider, and nobody else: no person, no agent, no service', async () => {
    const person = await world.issuer.token('rita', world.url('registry'));
    const service = signServiceToken(world.gate.keyring('approvals'), {
      from: 'approvals',
      aud: world.url('registry'),
    });
    for (const bearer of ['', 'x', `${okta.token}x`, okta.token.slice(1), person, service]) {
      const answer = await okta.call('GET', '/Users', { bearer });
      expect(answer).toMatchObject(refusal(401));
      expect(answer.headers.get('www-authenticate')).toContain('Bearer');
    }
    const htu = `${world.url('registry')}/scim/v2/Users`;
    const proof = makeProof({ key: aSigningKey().signing, htm: 'POST', htu, nonce: 'x', body: Buffer.from('{}') });
    const headers = { authorization: `DPoP ${okta.token}`, dpop: proof };
    expect(await okta.call('POST', '/Users', { headers, body: {} })).toMatchObject(refusal(401));
  });

  it('gets answers in the provider’s own words where there is nothing, or too much', async () => {
    for (const path of ['/Bulk', '/Users/1', '/Users/01990000-0000-7000-8000-000000000000']) {
      expect(await okta.get(path)).toMatchObject(refusal(404));
    }
    const twice = await okta.get('/Users?count=1&count=2');
    expect(twice).toMatchObject(refusal(400, 'invalidValue'));
    expect((await okta.call('POST', '/Users', { body: aUser('big', { title: 'x'.repeat(280_000) }) })).status).toBe(
      413,
    );
    const operations = Array.from({ length: 1_001 }, () => ({ op: 'add', path: 'title', value: 'x' }));
    const { id } = await okta.user('busy');
    expect(await okta.patch(`/Users/${id}`, ...operations)).toMatchObject(refusal(400, 'invalidSyntax'));
  });

  it('comes in by no other door with that token', async () => {
    for (const path of ['/v1/people', '/v1/people/rita']) {
      expect((await world.call('registry', 'GET', path, { bearer: okta.token })).status).toBe(401);
    }
  });
});

describe('a user', () => {
  it('becomes a person: signed, announced, and in the history under the provider’s name', async () => {
    const answer = await okta.call('POST', '/Users', {
      body: aUser('ann', { title: 'DBA', password: 'hunter2', nickName: 'A' }),
    });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('location')).toBe(`${world.url('registry')}/scim/v2/Users/${answer.body.id}`);
    expect(answer.headers.get('etag')).toBe('W/"1.1"');
    expect(answer.body).toMatchObject({
      userName: 'ann@corp.example',
      active: true,
      meta: { resourceType: 'User', version: 'W/"1.1"' },
    });
    for (const name of ['title', 'password', 'nickName']) expect(answer.body).not.toHaveProperty(name);
    const held = await entry('people', idOf(answer.body));
    expect(held).toMatchObject({ version: 1, changed_by: 'urn:sallyport:scim:okta' });
    expect(held['spec']).toEqual({
      identities: [{ iss: world.issuer.issuer, sub: 'ext-ann' }],
      name: 'ann Lee',
      mail: 'ann@corp.example',
      limits: [],
      state: 'active',
    });
    await eventually(async () => {
      const records = await world.bus.records(topics.registry);
      const record = records.find(({ key }) => key?.toString() === `people:${idOf(answer.body)}`);
      const said = registryChanged.data.parse(JSON.parse(record?.value?.toString() ?? 'null'));
      const verified = world.gate.trust.verify(said.entry, {
        purpose: 'registry',
        service: 'registry',
        schema: registryEntry,
      });
      expect(verified.ok && verified.payload.spec).toEqual(held['spec']);
    });
    const kept = await world.sql('SELECT resource::text FROM registry.scim_resources');
    expect(JSON.stringify(kept)).not.toContain('hunter2');
  });

  it('is found as Okta looks: by userName, whatever its case', async () => {
    const { id } = await okta.user('Bert');
    expect(await okta.find('Users', 'userName eq "bert@CORP.example"')).toMatchObject({ total: 1, found: [{ id }] });
    expect(await okta.find('Users', 'userName eq "nobody@corp.example"')).toEqual({ total: 0, found: [] });
    expect(await okta.find('Users', 'externalId eq "ext-Bert" and active eq true')).toMatchObject({ total: 1 });
    expect(await okta.find('Users', 'externalId eq "EXT-BERT"')).toMatchObject({ total: 0 });
    expect(await okta.find('Users', 'emails.value sw "bert" and not (active eq false)')).toMatchObject({ total: 1 });
    expect(
      await okta.find('Users', `urn:ietf:params:scim:schemas:core:2.0:User:userName co "ert@" or id eq "x"`),
    ).toMatchObject({ total: 1 });
    for (const filter of [
      'userName',
      'userName eq',
      'password eq "x"',
      'shoeSize eq 42',
      '(userName pr',
      'userName gt "a"',
    ]) {
      expect(await okta.get(`/Users?filter=${encodeURIComponent(filter)}`)).toMatchObject(
        refusal(400, 'invalidFilter'),
      );
    }
  });

  it('is updated by PUT as Okta does it: what is not said any more is gone', async () => {
    const { id } = await okta.user('carl');
    const answer = await okta.call('PUT', `/Users/${id}`, {
      body: { ...aUser('carl'), id, displayName: 'Carl the Great', emails: [], meta: { resourceType: 'User' } },
    });
    expect(answer).toMatchObject({ status: 200, body: { displayName: 'Carl the Great' } });
    expect(await specOf('people', `okta.${id}`)).toMatchObject({ name: 'Carl the Great' });
    expect(await specOf('people', `okta.${id}`)).not.toHaveProperty('mail');
  });

  it('is deactivated and brought back as Okta does it: a replace without a path', async () => {
    const { id } = await okta.user('dirk');
    const off = await okta.patch(`/Users/${id}`, { op: 'replace', value: { active: false } });
    expect(off).toMatchObject({ status: 200, body: { active: false } });
    expect(await specOf('people', `okta.${id}`)).toMatchObject({ state: 'inactive' });
    await okta.patch(`/Users/${id}`, { op: 'replace', value: { active: true } });
    expect(await specOf('people', `okta.${id}`)).toMatchObject({ state: 'active' });
  });

  it('is updated by PATCH in Entra’s dialect: capitals, "False" as text, paths with a filter, attributes nobody keeps', async () => {
    const { id } = await entra.user('eva');
    const answer = await entra.patch(
      `/Users/${id}`,
      { op: 'Replace', path: 'active', value: 'False' },
      { op: 'Add', path: 'emails[type eq "work"].value', value: 'eva.new@corp.example' },
      { op: 'Replace', path: 'name.familyName', value: 'Stone' },
      { op: 'Add', path: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department', value: 'IT' },
      { op: 'Replace', path: 'addresses[type eq "work"].formatted', value: 'Here 1' },
      { op: 'Add', value: { title: 'DBA', 'name.givenName': 'Evi' } },
    );
    expect(answer).toMatchObject({
      status: 200,
      body: { active: false, name: { givenName: 'Evi', familyName: 'Stone' } },
    });
    expect(await specOf('people', `entra.${id}`)).toEqual({
      identities: [{ iss: secondIssuer, sub: 'eva@corp.example' }],
      name: 'Evi Stone',
      mail: 'eva.new@corp.example',
      limits: [],
      state: 'inactive',
    });
  });

  it('gets a work address by the path that Entra uses where there is none yet', async () => {
    const { id } = await entra.user('fred', { emails: undefined });
    await entra.patch(`/Users/${id}`, { op: 'Replace', path: 'emails[type eq "work"].value', value: 'f@corp.example' });
    expect(await specOf('people', `entra.${id}`)).toMatchObject({ mail: 'f@corp.example' });
  });

  it('is changed by all operations of a PATCH or by none', async () => {
    const { id } = await okta.user('gina');
    const path = `/Users/${id}`;
    const rename = { op: 'replace', path: 'displayName', value: 'Other' };
    const refused: [object, string][] = [
      [{ op: 'replace', path: 'shoeSize', value: 42 }, 'invalidPath'],
      [{ op: 'replace', path: 'name.nick', value: 'x' }, 'invalidPath'],
      [{ op: 'replace', path: 'emails[type eq', value: 'x' }, 'invalidPath'],
      [{ op: 'replace', value: { shoeSize: 42 } }, 'invalidPath'],
      [{ op: 'replace', path: 'id', value: 'x' }, 'mutability'],
      [{ op: 'replace', path: 'groups', value: [] }, 'mutability'],
      [{ op: 'replace', path: 'active', value: 'maybe' }, 'invalidValue'],
      [{ op: 'replace', path: 'displayName', value: 'a\u202Eb' }, 'invalidValue'],
      [{ op: 'remove', path: 'userName' }, 'invalidValue'],
      [{ op: 'replace', path: 'emails[type eq "home"]', value: { value: 'x' } }, 'noTarget'],
      [{ op: 'remove' }, 'noTarget'],
      [{ op: 'move', path: 'displayName' }, 'invalidSyntax'],
    ];
    for (const [operation, scimType] of refused) {
      expect(await okta.patch(path, rename, operation)).toMatchObject(refusal(400, scimType));
    }
    expect(await entry('people', `okta.${id}`)).toMatchObject({ version: 1 });
    expect(await okta.call('PATCH', path, { body: '{"Operations":' })).toMatchObject(refusal(400, 'invalidSyntax'));
  });

  it('makes no new version when the same is said again', async () => {
    const { id } = await okta.user('hugo');
    const again = await okta.call('PUT', `/Users/${id}`, { body: aUser('hugo') });
    expect(again).toMatchObject({ status: 200, body: { meta: { version: 'W/"1.1"' } } });
    expect(await entry('people', `okta.${id}`)).toMatchObject({ version: 1 });
  });

  it('is changed only at the version that was seen, when one is named', async () => {
    const { id, meta } = await okta.user('ida');
    const { version } = meta as { version: string };
    const seen = { 'if-match': version };
    const body = (displayName: string) => aUser('ida', { displayName });
    expect((await okta.call('GET', `/Users/${id}`, { headers: { 'if-none-match': version } })).status).toBe(304);
    expect((await okta.call('PUT', `/Users/${id}`, { headers: seen, body: body('One') })).status).toBe(200);
    for (const method of ['PUT', 'DELETE']) {
      expect(await okta.call(method, `/Users/${id}`, { headers: seen, body: body('Two') })).toMatchObject(refusal(412));
    }
    expect(await specOf('people', `okta.${id}`)).toMatchObject({ name: 'One' });
    const current = await okta.get(`/Users/${id}`);
    // Also by a change from the other door.
    await world.register(
      'people',
      `okta.${id}`,
      { ...(await specOf('people', `okta.${id}`)), name: 'By hand' },
      { ifMatch: 2 },
    );
    const stale = { 'if-match': current.headers.get('etag') ?? '' };
    expect(await okta.call('DELETE', `/Users/${id}`, { headers: stale })).toMatchObject(refusal(412));
  });

  it('is paged when there are more than a hundred, each on one page', async () => {
    for (let n = 0; n < 105; n += 1) await entra.user(`many-${String(n)}`);
    const filter = encodeURIComponent('userName sw "many-"');
    const page = async (more: string) => (await entra.get(`/Users?filter=${filter}${more}`)).body;
    expect(await page('')).toMatchObject({ totalResults: 105, startIndex: 1, itemsPerPage: 100 });
    const ids: unknown[] = [];
    for (const start of [1, 51, 101]) {
      const { Resources, totalResults } = await page(`&startIndex=${String(start)}&count=50`);
      expect(totalResults).toBe(105);
      ids.push(...(Resources as { id: string }[]).map(({ id }) => id));
    }
    expect(new Set(ids).size).toBe(105);
    expect(await page('&count=0')).toMatchObject({ totalResults: 105, itemsPerPage: 0, Resources: [] });
    expect(await page('&startIndex=-3&count=100000')).toMatchObject({ startIndex: 1, itemsPerPage: 105 });
    expect(await entra.get('/Users?count=many')).toMatchObject(refusal(400, 'invalidValue'));
  }, 60_000);

  it('is deleted: the person is gone at once, the history stays, the id never means anybody else', async () => {
    const { id } = await okta.user('jan');
    const crew = await okta.group('Crew of Jan', [id]);
    expect((await okta.call('DELETE', `/Users/${id}`)).status).toBe(204);
    expect(await okta.get(`/Users/${id}`)).toMatchObject(refusal(404));
    expect(await okta.call('DELETE', `/Users/${id}`)).toMatchObject(refusal(404));
    expect(await okta.patch(`/Users/${id}`, { op: 'replace', value: { active: true } })).toMatchObject(refusal(404));
    const { body } = await world.call('registry', 'GET', `/v1/people/okta.${id}/versions`, { as: 'rita' });
    const { versions } = versionsAnswer.parse(body);
    expect(versions.map(({ deleted, changed_by }) => [deleted, changed_by])).toEqual([
      [true, 'urn:sallyport:scim:okta'],
      [false, 'urn:sallyport:scim:okta'],
    ]);
    expect(await membersOf('okta.crew-of-jan')).toEqual([]);
    const again = await okta.user('jan');
    expect(again.id).not.toBe(id);
    expect((await okta.get(`/Groups/${crew.id}`)).body['members']).toEqual([]);
  });

  it('leaves out what the provider does not want to read', async () => {
    const { id } = await okta.user('kurt');
    expect(Object.keys((await okta.get(`/Users/${id}?attributes=userName,name.givenName`)).body).sort()).toEqual([
      'id', 'name', 'schemas', 'userName',
    ]); // prettier-ignore
    expect((await okta.get(`/Users/${id}?excludedAttributes=emails`)).body).not.toHaveProperty('emails');
  });
});

describe('what a provider cannot do to a person', () => {
  it('is to push a name or an account twice', async () => {
    await okta.user('lara');
    expect(await okta.call('POST', '/Users', { body: aUser('LARA') })).toMatchObject(refusal(409, 'uniqueness'));
    const other = aUser('lara2', { externalId: 'ext-lara' });
    expect(await okta.call('POST', '/Users', { body: other })).toMatchObject(refusal(409, 'uniqueness'));
    const { id } = await okta.user('lara3');
    const rename = { op: 'replace', path: 'userName', value: 'lara@corp.example' };
    expect(await okta.patch(`/Users/${id}`, rename)).toMatchObject(refusal(409, 'uniqueness'));
  });

  it('is to take over somebody who was registered by hand', async () => {
    const dora = aUser('dora', { externalId: 'dora' });
    expect(await okta.call('POST', '/Users', { body: dora })).toMatchObject(refusal(409, 'uniqueness'));
    expect(await entry('people', 'dora')).toMatchObject({ version: 1, changed_by: 'rita' });
  });

  it('is to see or touch what another provider has pushed', async () => {
    const { id } = await entra.user('mona');
    expect(await okta.get(`/Users/${id}`)).toMatchObject(refusal(404));
    expect(await okta.call('PUT', `/Users/${id}`, { body: aUser('mona') })).toMatchObject(refusal(404));
    expect(await okta.call('DELETE', `/Users/${id}`)).toMatchObject(refusal(404));
    expect(await okta.find('Users', `id eq "${id}"`)).toEqual({ total: 0, found: [] });
    const body = { displayName: 'Thieves', members: [{ value: id }] };
    expect(await okta.call('POST', '/Groups', { body })).toMatchObject(refusal(400, 'invalidValue'));
    // The same name at two providers is two people.
    expect((await okta.user('mona')).id).not.toBe(id);
  });

  it('is to move an account: whoever gets another is another person', async () => {
    const { id } = await okta.user('nils');
    const path = `/Users/${id}`;
    expect(await okta.patch(path, { op: 'replace', path: 'externalId', value: 'mine' })).toMatchObject(
      refusal(400, 'mutability'),
    );
    expect(await okta.patch(path, { op: 'remove', path: 'externalId' })).toMatchObject(refusal(400, 'mutability'));
    expect(await okta.call('PUT', path, { body: aUser('nils', { externalId: 'mine' }) })).toMatchObject(
      refusal(400, 'mutability'),
    );
    expect((await okta.call('PUT', path, { body: aUser('nils', { externalId: undefined }) })).status).toBe(200);
    expect(await specOf('people', `okta.${id}`)).toMatchObject({ identities: [{ sub: 'ext-nils' }] });
    const nobody = aUser('nobody', { externalId: undefined });
    expect(await okta.call('POST', '/Users', { body: nobody })).toMatchObject(refusal(400, 'invalidValue'));
  });

  it('is to give limits or a manager, or to lose those that a registrar gave', async () => {
    const limits = [{ amount_minor: 9_999_999, currency: 'EUR' }];
    const { id } = await okta.user('otto', { limits, manager: 'rita' });
    const spec = await specOf('people', `okta.${id}`);
    expect(spec).toMatchObject({ limits: [] });
    expect(spec).not.toHaveProperty('manager');
    const given = { ...spec, limits: [{ amount_minor: 100, currency: 'EUR' }], manager: 'rita' };
    await world.register('people', `okta.${id}`, given, { ifMatch: 1 });
    await okta.call('PUT', `/Users/${id}`, { body: aUser('otto', { displayName: 'Otto', limits: [] }) });
    expect(await specOf('people', `okta.${id}`)).toMatchObject({ name: 'Otto', limits: given.limits, manager: 'rita' });
  });

  it('is to bring back in passing whom a registrar has made inactive', async () => {
    const { id } = await okta.user('paul');
    const spec = await specOf('people', `okta.${id}`);
    await world.register('people', `okta.${id}`, { ...spec, state: 'inactive' }, { ifMatch: 1 });
    const put = await okta.call('PUT', `/Users/${id}`, { body: aUser('paul', { displayName: 'Paul' }) });
    expect(put.body).toMatchObject({ active: false });
    expect(await specOf('people', `okta.${id}`)).toMatchObject({ name: 'Paul', state: 'inactive' });
  });
});

describe('a person whom the settings let the provider take over', () => {
  it('stays the same person, with limits and by the same account, and is inactive when deleted there', async () => {
    const olga = await okta.user('olga', { externalId: 'olga', displayName: 'Olga by Okta' });
    const limits = [{ amount_minor: 500_000, currency: 'EUR' }];
    expect(await specOf('people', 'olga')).toMatchObject({ name: 'Olga by Okta', limits, state: 'active' });
    expect((await okta.call('DELETE', `/Users/${olga.id}`)).status).toBe(204);
    expect(await specOf('people', 'olga')).toMatchObject({ limits, state: 'inactive' });
    // A thief with the token cannot become Olga by another account; and pushing her again does not bring her back.
    const thief = await okta.user('olga', { externalId: 'thief' });
    expect(await entry('people', 'olga')).toMatchObject({ version: 3 });
    await okta.call('DELETE', `/Users/${thief.id}`);
    await okta.user('olga', { externalId: 'olga' });
    expect(await specOf('people', 'olga')).toMatchObject({ state: 'inactive' });
  });
});
