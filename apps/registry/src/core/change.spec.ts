import { describe, expect, it } from '@jest/globals';
import type { RegistryKind, SpecOf } from '#contracts';
import { generatePrivateJwk, publicPart, thumbprint } from '#trust';
import { anAgentSpec, aPersonSpec, aSigningKey } from '../../../../test/support/gate.js';
import { isSame, locksOut, meets, objectionTo, readSpec } from './change.js';
import { heldIn } from './held.js';

const key = aSigningKey();
const ec = aSigningKey('P-256');

const held = heldIn([
  { kind: 'people', id: 'olga', version: 1, deleted: false, spec: aPersonSpec('olga') },
  { kind: 'people', id: 'gone', version: 2, deleted: true, spec: undefined },
  { kind: 'groups', id: 'dba', version: 1, deleted: false, spec: { members: [], channel: {} } },
  { kind: 'targets', id: 'tool', version: 1, deleted: false, spec: { kind: 'tool' } },
  { kind: 'targets', id: 'pg', version: 1, deleted: false, spec: { kind: 'postgres' } },
]);
const object = <K extends RegistryKind>(kind: K, body: unknown) => {
  const read = readSpec(kind, body);
  return read.ok ? objectionTo(kind, read.value, held)?.detail : `${read.code} ${read.detail}`;
};

describe('the precondition of a change', () => {
  const live = { version: 3, deleted: false, spec: {} };
  it('creates only what does not exist, and replaces exactly the version that was seen', () => {
    expect(meets(undefined, 'absent')).toBeUndefined();
    expect(meets(live, 'absent')?.code).toBe('version_conflict');
    expect(meets(live, { version: 3 })).toBeUndefined();
    expect(meets(live, { version: 2 })?.code).toBe('version_conflict');
    expect(meets(undefined, { version: 1 })?.code).toBe('version_conflict');
  });

  it('takes a deleted entry for one that does not exist', () => {
    const deleted = { version: 4, deleted: true, spec: undefined };
    expect(meets(deleted, 'absent')).toBeUndefined();
    expect(meets(deleted, { version: 4 })?.code).toBe('version_conflict');
  });

  it('knows the same spec by its content', () => {
    expect(isSame({ version: 1, deleted: false, spec: { a: 1, b: [2] } }, { b: [2], a: 1 })).toBe(true);
    expect(isSame({ version: 1, deleted: false, spec: { a: 1 } }, { a: 2 })).toBe(false);
    expect(isSame({ version: 1, deleted: true, spec: undefined }, { a: 1 })).toBe(false);
  });

  it('refuses the change after which there is no registrar', () => {
    expect(locksOut(0)?.code).toBe('schema_mismatch');
    expect(locksOut(1)).toBeUndefined();
  });
});

describe('reading a spec', () => {
  it('fills in defaults and names the first place that differs', () => {
    expect(readSpec('groups', { members: [] })).toEqual({ ok: true, value: { members: [], channel: {} } });
    expect(readSpec('groups', { members: 'all' })).toMatchObject({ ok: false, code: 'schema_mismatch' });
    expect(readSpec('people', { ...aPersonSpec('u'), state: 'dead' })).toMatchObject({
      detail: expect.stringContaining('state'),
    });
  });

  it('refuses text that hides or reorders what people read', () => {
    expect(readSpec('people', aPersonSpec('u', { name: 'Petra \u202eatreP' }))).toMatchObject({
      code: 'text_not_allowed',
      detail: 'name',
    });
  });
});

describe('what the kinds refuse', () => {
  const agent = (over: Partial<SpecOf<'agents'>> = {}) => anAgentSpec([key.jwk], over);
  const x25519 = { ...publicPart(generatePrivateJwk('X25519')), use: 'enc' };

  it('lets good entries in', () => {
    const encryption = { ...x25519, kid: thumbprint(x25519) };
    expect(object('agents', { ...agent(), jwks: { keys: [key.jwk, ec.jwk, encryption] } })).toBeUndefined();
    expect(object('people', aPersonSpec('u', { manager: 'olga' }))).toBeUndefined();
    expect(object('groups', { members: ['olga'] })).toBeUndefined();
  });

  it.each<[string, unknown, string]>([
    ['a kid that is not the thumbprint', { ...agent(), jwks: { keys: [{ ...key.jwk, kid: ec.jwk.kid }] } }, 'thumbprint'],
    ['a key twice', { ...agent(), jwks: { keys: [key.jwk, key.jwk] } }, 'twice'],
    ['one key for both uses', { ...agent(), jwks: { keys: [ec.jwk, { ...ec.jwk, use: 'enc' }] } }, 'twice'],
    ['no key to sign with', { ...agent(), jwks: { keys: [{ ...x25519, kid: thumbprint(x25519) }] } }, 'use "sig"'],
    ['a curve that cannot sign', { ...agent(), jwks: { keys: [key.jwk, { ...x25519, use: 'sig', kid: thumbprint(x25519) }] } }, 'not a curve'],
    ['a point that is not on its curve', { ...agent(), jwks: { keys: [{ ...ec.jwk, x: ec.jwk.y ?? '' }] } }, 'not a point'],
    ['a private key', { ...agent(), jwks: { keys: [{ ...key.jwk, d: 'AAAA' }] } }, 'schema_mismatch'],
    ['an owner who is not registered', agent({ owner: 'nobody' }), 'people/nobody is not registered'],
    ['an owner who was deleted', agent({ owner: 'gone' }), 'people/gone is not registered'],
    ['a principal who is not registered', agent({ principals: ['nobody'] }), 'people/nobody is not registered'],
    ['an account at a target that is not registered', agent({ outside_accounts: [{ target: 'nowhere', account: 'me' }] }), 'targets/nowhere is not registered'],
    ['an account twice', agent({ outside_accounts: [{ target: 'pg', account: 'me' }, { target: 'pg', account: 'me' }] }), 'me at pg occurs twice'],
    ['two limits in one currency', agent({ limits: [{ currency: 'EUR', single_minor: 1, daily_minor: 1 }, { currency: 'EUR', single_minor: 9, daily_minor: 9 }] }), 'EUR occurs twice'],
  ])('agents: %s', (_, body, detail) => {
    expect(object('agents', body)).toContain(detail);
  }); // prettier-ignore

  const schema = { type: 'object', additionalProperties: false, properties: { a: { type: 'string' } } };
  const money = (...names: string[]) => ({
    ...schema,
    properties: Object.fromEntries(
      (names.length > 0 ? names : ['amount_minor', 'currency']).map((name) => [name, { type: 'string' }]),
    ),
  });
  const rows = { a: { type: 'integer' }, b: { type: 'string' }, c: { type: 'integer', writeOnly: true } };
  const items = { type: 'object', additionalProperties: false, properties: rows };
  const list = { ...schema, properties: { list: { type: 'array', items }, a: { type: 'string' } } };
  const summedUp = (summaries: object) => ({ properties_schema: list, risk: 'low', view: 'do', summaries });
  it.each<[string, unknown, string | undefined]>([
    ['a summary', summedUp({ list: { first: 3, sums: [{ field: 'a', by: 'b' }, { field: 'a' }] } }), undefined],
    ['a summary of how many', summedUp({ list: { first: 0 } }), undefined],
    ['a summary of what is no list', summedUp({ a: { first: 1 } }), 'summaries.a'],
    ['a summary of no property', summedUp({ constructor: { first: 1 } }), 'summaries.constructor'],
    ['a sum of texts', summedUp({ list: { first: 1, sums: [{ field: 'b' }] } }), 'summaries.list'],
    ['a sum of a secret', summedUp({ list: { first: 1, sums: [{ field: 'c' }] } }), 'summaries.list'],
    ['a sum by a secret', summedUp({ list: { first: 1, sums: [{ field: 'a', by: 'c' }] } }), 'summaries.list'],
    ['a sum by no member', summedUp({ list: { first: 1, sums: [{ field: 'a', by: 'd' }] } }), 'summaries.list'],
    ['a closed schema', { properties_schema: schema, risk: 'low', view: 'do {a}' }, undefined],
    [
      'a view that names the resource',
      { properties_schema: schema, risk: 'low', view: 'do it to {resource}' },
      undefined,
    ],
    ['a view that names money', { properties_schema: money(), risk: 'low', view: 'pay {amount}' }, undefined],
    [
      'a view that names money without a currency',
      { properties_schema: money('amount_minor'), risk: 'low', view: 'pay {amount}' },
      '{amount} is not a property',
    ],
    ['an open schema', { properties_schema: { type: 'object' }, risk: 'low', view: '' }, 'unlisted properties'],
    [
      'a schema of something else',
      { properties_schema: { type: 'string' }, risk: 'low', view: '' },
      'type is "object"',
    ],
    [
      'a view that names no property',
      { properties_schema: schema, risk: 'low', view: 'do {b}' },
      '{b} is not a property',
    ],
    [
      'a view that names a member of every object',
      { properties_schema: schema, risk: 'low', view: '{constructor}' },
      'is not a property',
    ],
  ])('action types: %s', (_, body, detail) => {
    expect(object('action-types', body) ?? 'fine').toContain(detail ?? 'fine');
  });

  const profile = {
    issuer: 'token', target: 'tool', actions: ['a'], resources: ['**'], max_ttl_seconds: 60, uses: 1, requires_person: false, min_quorum: 0,
  }; // prettier-ignore
  it.each<[string, unknown, string | undefined]>([
    ['a token for a tool', profile, undefined],
    ['a token for a database', { ...profile, target: 'pg' }, 'kind "tool"'],
    ['a role at a tool', { ...profile, issuer: 'postgres-role', target_profile: 'x' }, 'kind "postgres"'],
    ['a target that is not registered', { ...profile, target: 'moon' }, 'targets/moon'],
    ['a person required, and none counted', { ...profile, requires_person: true }, 'min_quorum'],
    [
      'a role that is used twice',
      { ...profile, issuer: 'postgres-role', target: 'pg', uses: 2, target_profile: 'x' },
      'schema_mismatch',
    ],
  ])('profiles: %s', (_, body, detail) => {
    expect(object('profiles', body) ?? 'fine').toContain(detail ?? 'fine');
  });

  const weekly = { kind: 'weekly', id: 'w', weekday: 6, from: '22:00', minutes: 120, time_zone: 'Europe/Berlin' };
  const resource = {
    type: 't',
    environment: 'production',
    owner_group: 'dba',
    classification: 'internal',
    criticality: 'high',
  };
  it.each<[string, unknown, string | undefined]>([
    ['a weekly window', { ...resource, windows: [weekly] }, undefined],
    ['the group of a built-in name', { ...resource, owner_group: 'soc-lead' }, undefined],
    ['a group that is not registered', { ...resource, owner_group: 'crew' }, 'groups/crew'],
    ['no such time of day', { ...resource, windows: [{ ...weekly, from: '24:00' }] }, 'no time of day'],
    ['no such time zone', { ...resource, windows: [{ ...weekly, time_zone: 'Mars/Olympus' }] }, 'time zone'],
    ['an end before the beginning', { ...resource, windows: [{ kind: 'once', id: 'o', from: '2026-11-24T12:00:00.000Z', until: '2026-11-24T12:00:00.000Z' }] }, 'ends before'],
    ['two windows of one name', { ...resource, windows: [weekly, weekly] }, 'occurs twice'],
  ])('resources: %s', (_, body, detail) => {
    expect(object('resources', body) ?? 'fine').toContain(detail ?? 'fine');
  }); // prettier-ignore

  it('people, groups, counterparties and targets: nothing twice, nothing malformed', () => {
    const [identity] = aPersonSpec('u').identities;
    expect(object('people', { ...aPersonSpec('u'), identities: [identity, identity] })).toContain('twice');
    expect(object('groups', { members: ['olga', 'olga'] })).toContain('twice');
    expect(object('groups', { members: ['nobody'] })).toContain('people/nobody');
    const counterparty = { name: 'Acme', approved: true, dpa: true, country: 'DE' };
    expect(
      object('counterparties', { ...counterparty, entitlements: ['prod/customers#email', 'secret'] }),
    ).toBeUndefined();
    expect(object('counterparties', { ...counterparty, entitlements: ['email'] })).toContain('neither');
    const tool = { kind: 'tool', base_url: 'https://tool.example/api', jwks: { keys: [{ ...key.jwk }] } };
    expect(object('targets', tool)).toBeUndefined();
    expect(object('targets', { ...tool, base_url: 'ftp://tool.example' })).toContain('base_url');
    expect(object('targets', { ...tool, jwks: { keys: [{ ...key.jwk, kid: 'mine' }] } })).toContain('thumbprint');
  });
});
