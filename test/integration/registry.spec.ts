import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { entryAnswer, lookupAnswer, registryChanged, registryEntry, topics, versionsAnswer } from '#contracts';
import { makeProof, signServiceToken } from '#trust';
import { anAgentSpec, aSigningKey } from '../support/gate.js';
import { eventually } from '../support/eventually.js';
import { RegistryWorld } from './registry-world.js';

let world: RegistryWorld;
const key = aSigningKey();
const other = aSigningKey();
const groups = { dba: ['dora'], 'soc-lead': ['simon'] };

beforeAll(async () => {
  world = await RegistryWorld.start();
  await world.startRegistry();
  for (const id of ['olga', 'dora', 'simon']) await world.register('people', id, world.person(id));
  for (const [id, members] of Object.entries(groups)) await world.register('groups', id, { members });
}, 90_000);
afterAll(() => world.remove(), 30_000);
afterEach(() => {
  world.credentials.says = 'live';
});

const get = (path: string, as = 'rita') => world.call('registry', 'GET', path, { as });
const put = (path: string, body: unknown, more: object = {}) =>
  world.call('registry', 'PUT', path, { as: 'rita', body, ...more });
const serviceToken = (from: string): string =>
  signServiceToken(world.gate.keyring(from), { from, aud: world.url('registry') });

describe('the registry', () => {
  it('has read its bootstrap file once: people and registrars, signed, under the name bootstrap', async () => {
    const { body } = await get('/v1/people/rita');
    const entry = entryAnswer.parse(body);
    expect(entry).toMatchObject({ version: 1, changed_by: 'bootstrap' });
    const verified = world.gate.trust.verify(entry.entry, {
      purpose: 'registry',
      service: 'registry',
      schema: registryEntry,
    });
    expect(verified.ok && verified.payload.spec).toEqual(entry.spec);
  });

  it('creates without If-Match, replaces with the version that was seen, and refuses everything else', async () => {
    const group = { members: ['dora'] };
    expect((await put('/v1/groups/crew', group)).status).toBe(201);
    expect(await put('/v1/groups/crew', { members: [] })).toMatchObject({
      status: 409,
      body: { code: 'version_conflict' },
    });
    const second = await put('/v1/groups/crew', { members: [] }, { ifMatch: 1 });
    expect(second.status).toBe(200);
    expect(second.headers.get('etag')).toBe('"2"');
    expect(await put('/v1/groups/crew', group, { ifMatch: 1 })).toMatchObject({
      status: 409,
      body: { code: 'version_conflict' },
    });
    expect(await put('/v1/groups/crew', group, { ifMatch: '*' })).toMatchObject({ status: 400 });
  });

  it('makes no new version of what is said again', async () => {
    await put('/v1/groups/again', { members: ['dora'] });
    const again = await put('/v1/groups/again', { members: ['dora'], channel: {} }, { ifMatch: 1 });
    expect(again).toMatchObject({ status: 200, body: { version: 1 } });
  });

  it('lets one of two edits of the same version win', async () => {
    await put('/v1/groups/race', { members: [] });
    const edits = ['dora', 'olga', 'simon', 'rita'].map((member) =>
      put('/v1/groups/race', { members: [member] }, { ifMatch: 1 }),
    );
    const statuses = (await Promise.all(edits)).map(({ status }) => status).sort();
    expect(statuses).toEqual([200, 409, 409, 409]);
  });

  it('takes a slash in an id, escaped', async () => {
    const resource = {
      type: 'postgres.database',
      environment: 'production',
      owner_group: 'dba',
      classification: 'internal',
      criticality: 'high',
    };
    expect((await put('/v1/resources/prod%2Forders', resource)).status).toBe(201);
    expect((await get('/v1/resources/prod%2Forders')).body).toMatchObject({ id: 'prod/orders', version: 1 });
    expect((await get('/v1/resources/prod%2Forders/versions')).status).toBe(200);
  });

  it('deletes by a version that is kept, signed and announced like any other', async () => {
    await put('/v1/groups/shortlived', { members: [] });
    const remove = (ifMatch?: number) =>
      world.call('registry', 'DELETE', '/v1/groups/shortlived', {
        as: 'rita',
        ...(ifMatch !== undefined && { ifMatch }),
      });
    expect((await remove()).status).toBe(409);
    expect(await remove(1)).toMatchObject({ status: 200, body: { version: 2, deleted: true } });
    expect((await get('/v1/groups/shortlived')).status).toBe(404);
    const { versions } = versionsAnswer.parse((await get('/v1/groups/shortlived/versions')).body);
    expect(versions.map(({ version, deleted }) => [version, deleted])).toEqual([
      [2, true],
      [1, false],
    ]);
    expect(await put('/v1/groups/shortlived', { members: [] })).toMatchObject({ status: 201, body: { version: 3 } });
  });

  it('announces each version under kind:id with the signed full state, in the order of the changes', async () => {
    await put('/v1/groups/told', { members: [] });
    await put('/v1/groups/told', { members: ['dora'] }, { ifMatch: 1 });
    const told = await eventually(async () => {
      const records = await world.bus.records(topics.registry);
      const mine = records.filter(({ key: name }) => name?.toString() === 'groups:told');
      expect(mine).toHaveLength(2);
      return mine.map(({ value }) => registryChanged.data.parse(JSON.parse(value?.toString() ?? '')));
    });
    expect(told.map(({ version }) => version)).toEqual([1, 2]);
    const entries = told.map(({ entry }) =>
      world.gate.trust.verify(entry, { purpose: 'registry', service: 'registry', schema: registryEntry }),
    );
    expect(entries.map((one) => one.ok && one.payload.version)).toEqual([1, 2]);
  });

  it('gives each key to one agent and each account to one person', async () => {
    const agent = anAgentSpec([key.jwk]);
    expect((await put('/v1/agents/first', agent)).status).toBe(201);
    expect(await put('/v1/agents/second', agent)).toMatchObject({ status: 400, body: { code: 'schema_mismatch' } });
    expect((await put('/v1/agents/first', anAgentSpec([other.jwk]), { ifMatch: 1 })).status).toBe(200);
    expect((await put('/v1/agents/second', agent)).status).toBe(201);
    expect(await put('/v1/people/doras-double', world.person('dora'))).toMatchObject({ status: 400 });
  });

  it('refuses an action type whose schema is open or does not compile', async () => {
    const closed = { type: 'object', additionalProperties: false, properties: { a: { type: 'string' } } };
    const type = (schema: object) => ({ properties_schema: schema, risk: 'low', view: 'does {a}' });
    const refused = [
      { ...closed, additionalProperties: true },
      { ...closed, properties: { a: { type: 'string', colour: 'red' } } },
      { ...closed, properties: { a: { type: 'string', format: 'moonphase' } } },
      { ...closed, properties: { a: { $ref: 'https://example.com/a.json' } } },
    ];
    for (const schema of refused) expect(await put('/v1/action-types/t', type(schema))).toMatchObject({ status: 400 });
    expect((await put('/v1/action-types/t', type(closed))).status).toBe(201);
  });

  it('is reached by registrars only: as its tables say at that moment', async () => {
    const asked = { body: { members: [] } };
    const as = (who: string) => world.call('registry', 'PUT', '/v1/groups/mine', { as: who, ...asked });
    expect(await as('dora')).toMatchObject({ status: 403, body: { code: 'not_eligible', why: 'not_in_group' } });
    expect(await as('stranger')).toMatchObject({ status: 403, body: { why: 'not_a_person' } });
    await world.register('people', 'temp', world.person('temp'));
    await put('/v1/groups/registrars', { members: ['rita', 'temp'] }, { ifMatch: 1 });
    expect((await as('temp')).status).toBe(201);
    await put('/v1/people/temp', world.person('temp', { state: 'inactive' }), { ifMatch: 1 });
    expect(await world.call('registry', 'DELETE', '/v1/groups/mine', { as: 'temp', ifMatch: 1 })).toMatchObject({
      status: 403,
    });
  });

  it('has no door for agents, for services that want to write, or for nobody', async () => {
    const htu = `${world.url('registry')}/v1/agents/second`;
    const proof = makeProof({ key: key.signing, htm: 'PUT', htu, nonce: 'x', body: Buffer.from('{}') });
    const calls = [
      { headers: { dpop: proof }, body: {} },
      { bearer: serviceToken('policy'), body: {} },
      { body: {} },
      { bearer: await world.issuer.token('rita', 'https://elsewhere.example'), body: {} },
      { bearer: await world.issuer.token('rita', world.url('registry'), { act: { sub: 'agent' } }), body: {} },
    ];
    for (const call of calls) {
      expect(await world.call('registry', 'PUT', '/v1/agents/second', call)).toMatchObject({ status: 401 });
    }
  });

  it('has no door for identity providers where the settings name none', async () => {
    for (const path of ['Users', 'Groups', 'ServiceProviderConfig']) {
      const call = { bearer: 'x'.repeat(43) };
      expect((await world.call('registry', 'GET', `/scim/v2/${path}`, call)).status).toBe(404);
    }
  });

  it('lets soc-lead, and not even a registrar, declare an incident', async () => {
    const incident = {
      severity: 'sev1',
      playbook: 'contain',
      actions: ['host.quarantine'],
      resources: ['**'],
      ends_at: '2026-12-24T10:00:00.000Z',
    };
    expect(await put('/v1/incidents/INC-1', incident)).toMatchObject({ status: 403 });
    const declared = await world.call('registry', 'PUT', '/v1/incidents/INC-1', { as: 'simon', body: incident });
    expect(declared).toMatchObject({ status: 201, body: { changed_by: 'simon' } });
  });

  it('never lets the last registrar go', async () => {
    const { version } = entryAnswer.parse((await get('/v1/groups/registrars')).body);
    expect(await put('/v1/groups/registrars', { members: ['dora'] }, { ifMatch: version })).toMatchObject({
      status: 200,
    });
    const emptied = await world.call('registry', 'PUT', '/v1/groups/registrars', {
      as: 'dora',
      body: { members: [] },
      ifMatch: version + 1,
    });
    expect(emptied).toMatchObject({ status: 400, body: { detail: expect.stringContaining('registrars') } });
    const gone = await world.call('registry', 'DELETE', '/v1/people/dora', { as: 'dora', ifMatch: 1 });
    expect(gone).toMatchObject({ status: 400 });
    await world.call('registry', 'PUT', '/v1/groups/registrars', {
      as: 'dora',
      body: { members: ['rita'] },
      ifMatch: version + 1,
    });
  });

  it('suspends whatever version is current, for soc-lead, registrars and approvals; only registrars resume', async () => {
    const suspend = (call: object) =>
      world.call('registry', 'POST', '/v1/agents/second/suspend', { body: { reason: 'odd' }, ...call });
    const resume = (call: object) =>
      world.call('registry', 'POST', '/v1/agents/second/resume', { body: { reason: 'fine' }, ...call });
    expect(await suspend({ as: 'dora' })).toMatchObject({ status: 403 });
    expect(await suspend({ bearer: serviceToken('policy') })).toMatchObject({ status: 403 });
    expect(await suspend({ bearer: serviceToken('approvals') })).toMatchObject({
      status: 200,
      body: { changed_by: 'service:approvals', spec: { state: 'suspended' } },
    });
    expect(await resume({ as: 'simon' })).toMatchObject({ status: 403 });
    expect(await resume({ as: 'rita' })).toMatchObject({ status: 200, body: { spec: { state: 'active' } } });
    const suspended = await suspend({ as: 'simon' });
    expect(await suspend({ as: 'simon' })).toMatchObject({ status: 200, body: { version: suspended.body.version } });
    const { versions } = versionsAnswer.parse((await get('/v1/agents/second/versions')).body);
    expect(versions.map(({ reason }) => reason)).toEqual(['odd', 'fine', 'odd', undefined]);
  });

  it('takes no change by a key that was ended, and none while nobody can say whether it was', async () => {
    const change = { as: 'rita', body: { members: ['dora'] } };
    const calls = [
      ['PUT', '/v1/groups/by-ended', change],
      ['DELETE', '/v1/groups/dba', { as: 'rita', ifMatch: 1 }],
      ['POST', '/v1/agents/second/resume', { as: 'rita', body: { reason: 'fine' } }],
    ] as const;
    for (const [says, refusal] of [
      ['ended', { status: 401, body: { code: 'proof_invalid' } }],
      ['nothing', { status: 503, body: { code: 'dependency_unavailable' } }],
    ] as const) {
      world.credentials.says = says;
      for (const [method, path, call] of calls)
        expect(await world.call('registry', method, path, call)).toMatchObject(refusal);
    }
    world.credentials.says = 'live';
    expect((await get('/v1/groups/by-ended')).status).toBe(404);
    expect((await get('/v1/groups/dba')).body).toMatchObject({ version: 1 });
  });

  it('suspends while credentials is away, and not by a key that was ended', async () => {
    await put('/v1/agents/odd-one', anAgentSpec([aSigningKey().jwk]));
    const suspend = () =>
      world.call('registry', 'POST', '/v1/agents/odd-one/suspend', { as: 'rita', body: { reason: 'odd' } });
    world.credentials.says = 'ended';
    expect(await suspend()).toMatchObject({ status: 401, body: { code: 'proof_invalid' } });
    world.credentials.says = 'nothing';
    expect(await suspend()).toMatchObject({ status: 200, body: { spec: { state: 'suspended' } } });
  });

  it('answers services the current entry, a past version, and the holder of a key; to nobody else', async () => {
    const lookup = (body: object, bearer: string) => world.call('registry', 'POST', '/v1/lookup', { body, bearer });
    const asked = {
      entries: [
        { kind: 'agents', id: 'first' },
        { kind: 'agents', id: 'first', version: 1 },
        { kind: 'agents', id: 'first', version: 9 },
        { kind: 'groups', id: 'nothing' },
      ],
      kids: [key.jwk.kid, other.jwk.kid, 'x'.repeat(43)],
    };
    const answer = await lookup(asked, serviceToken('credentials'));
    const { entries, kids } = lookupAnswer.parse(answer.body);
    const read = (jws: string | null) => {
      const verified =
        jws === null
          ? undefined
          : world.gate.trust.verify(jws, { purpose: 'registry', service: 'registry', schema: registryEntry });
      return verified?.ok === true ? `${verified.payload.id}@${String(verified.payload.version)}` : null;
    };
    expect(entries.map(read)).toEqual(['first@2', 'first@1', null, null]);
    expect(kids.map(read)[1]).toBe('first@2');
    expect(kids.map(read)[0]).toMatch(/^second@/u);
    expect(kids[2]).toBeNull();
    expect((await lookup(asked, await world.issuer.token('rita', world.url('registry')))).status).toBe(401);
    expect((await lookup({ entries: [{ kind: 'robots', id: 'r' }] }, serviceToken('policy'))).status).toBe(400);
  });

  it('answers bad input with its code and goes on', async () => {
    expect(await put('/v1/groups/x', '{"members":[],"members":[]}')).toMatchObject({
      status: 400,
      body: { code: 'duplicate_key' },
    });
    expect(await put('/v1/groups/x', '{')).toMatchObject({ status: 400, body: { code: 'malformed_json' } });
    expect(await put('/v1/groups/a%3Ab', { members: [] })).toMatchObject({
      status: 400,
      body: { code: 'schema_mismatch' },
    });
    expect(await put('/v1/robots/x', {})).toMatchObject({ status: 404 });
    expect(await put('/v1/groups/x', `"${'x'.repeat(280_000)}"`)).toMatchObject({ status: 413 });
    expect((await get('/v1/groups/registrars')).status).toBe(200);
  });

  it('lists live entries in pages', async () => {
    const { body } = await get('/v1/groups?after=dba');
    const ids = (body['entries'] as { id: string }[]).map(({ id }) => id);
    expect(ids).toEqual([...ids].sort());
    expect(ids).not.toContain('dba');
    expect(ids).toContain('soc-lead');
  });
});
