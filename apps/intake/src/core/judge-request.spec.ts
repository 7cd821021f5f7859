import { describe, expect, it } from '@jest/globals';
import { requestType, type Known } from '#contracts';
import { actionDigest, digestOfBytes } from '#trust';
import { anAgentSpec, aSigningKey } from '../../../../test/support/gate.js';
import { judgeRequest, type RequestFacts } from './judge-request.js';

const ce = { id: '01890000-0000-7000-8000-000000000001', source: 'urn:sallyport:agent:a', type: requestType };
const spec = anAgentSpec([aSigningKey().jwk]);
const anAgent = (over: Partial<Known<'agents'>['spec']> = {}): Known<'agents'> => ({
  kind: 'agents', id: 'a', version: 4, changed_by: 'rita', changed_at: '2026-11-24T10:00:00.000Z', spec: { ...spec, ...over },
}); // prettier-ignore

const facts = (over: Partial<RequestFacts> = {}): RequestFacts => ({
  agent: anAgent(),
  now: new Date('2026-11-24T12:00:00.000Z'),
  differs: (action) => (action === 'db.schema.migrate' ? null : undefined),
  summaries: () => undefined,
  personOf: (iss, sub) => (iss === 'https://idp.example' && sub === 'u-17' ? 'petra' : undefined),
  ...over,
});

const good = {
  subject: { type: 'agent', id: 'a' },
  action: { name: 'db.schema.migrate', properties: { statement: 'ALTER TABLE orders\n\tADD COLUMN note text' } },
  resource: { type: 'postgres.database', id: 'prod/orders' },
  context: { justification: 'support needs it' },
  requested_access: { profile: 'orders-ddl', ttl_seconds: 300 },
};
const judge = (value: object, over: Partial<RequestFacts> = {}, signed = ce) =>
  judgeRequest(Buffer.from(JSON.stringify(value)), signed, facts(over));
const codeOf = (value: object, over: Partial<RequestFacts> = {}) => judge(value, over).refusal?.code;
const onBehalf = { ...good, context: { ...good.context, on_behalf_of: { iss: 'https://idp.example', sub: 'u-17' } } };

describe('judging an authentic request', () => {
  it('freezes a valid one under the digest of its id, source and data', () => {
    expect(judge(good)).toEqual({ digest: actionDigest({ id: ce.id, source: ce.source, data: good }) });
  });

  it.each([
    ['no JSON', '{', 'malformed_json'],
    ['nothing', '', 'malformed_json'],
    ['a member twice', '{"a":1,"a":1}', 'duplicate_key'],
    ['an inexact number', '{"a":9007199254740993}', 'not_i_json'],
    ['a lone surrogate', '{"a":"\\ud800"}', 'not_i_json'],
    ['too much depth', '['.repeat(40) + ']'.repeat(40), 'too_deep'],
    ['too many bytes', JSON.stringify('x'.repeat(70_000)), 'too_large'],
    ['too long a string', JSON.stringify({ a: 'x'.repeat(16_385) }), 'too_large'],
    ['another shape', '[]', 'schema_mismatch'],
    [
      'too long a justification',
      JSON.stringify({ ...good, context: { justification: 'x'.repeat(4_097) } }),
      'schema_mismatch',
    ],
    ['an unlisted member', JSON.stringify({ ...good, priority: 'high' }), 'schema_mismatch'],
  ])('refuses %s', (_, text, code) => {
    expect(judgeRequest(Buffer.from(text), ce, facts()).refusal?.code).toBe(code);
  });

  it('lets nothing in that people could not be shown, unless its action type sums it up', () => {
    const rows = Array.from({ length: 900 }, (_, n) => ({ n, note: 'each row' }));
    const long = { ...good, action: { ...good.action, properties: { rows } } };
    expect(judge(long).refusal).toEqual({ code: 'too_long_to_show', detail: 'action.properties.rows' });
    expect(codeOf(long, { summaries: () => ({ rows: { first: 1, sums: [{ field: 'n' }] } }) })).toBeUndefined();
    const beside = { ...good, resource: { ...good.resource, properties: { rows } } };
    expect(judge(beside).refusal).toEqual({ code: 'too_long_to_show', detail: 'resource.properties.rows' });
  });

  it('names the place that differs', () => {
    expect(judge({ ...good, requested_access: { profile: 'p', ttl_seconds: 0 } }).refusal?.detail).toBe(
      'requested_access.ttl_seconds',
    );
    const differs = () => '/statement';
    expect(judge(good, { differs }).refusal).toEqual({
      code: 'schema_mismatch',
      detail: 'action.properties/statement',
    });
  });

  it('gives what is no JSON the digest of its bytes', () => {
    expect(judgeRequest(Buffer.from('{'), ce, facts()).digest).toBe(digestOfBytes('{'));
  });

  it('refuses an action that is not registered', () => {
    expect(codeOf({ ...good, action: { ...good.action, name: 'db.drop' } })).toBe('unknown_action');
  });

  it('refuses a subject that is not the agent that signed, and a type that is no request', () => {
    expect(codeOf({ ...good, subject: { type: 'agent', id: 'b' } })).toBe('schema_mismatch');
    expect(judge(good, {}, { ...ce, type: 'sallyport.action.requested.v2' }).refusal?.code).toBe('schema_mismatch');
  });

  it.each([
    ['a right-to-left override in a name', { ...good, action: { ...good.action, name: 'db.\u202e' } }],
    ['a zero-width space in an id of a claim', { ...good, context: { ...good.context, incident: 'INC\u200b-7' } }],
    [
      'a hidden character in a statement',
      { ...good, action: { name: 'db.schema.migrate', properties: { statement: 'a\u2066b' } } },
    ],
    ['a control character in the justification', { ...good, context: { justification: 'a\u001bb' } }],
  ])('refuses %s', (_, value) => {
    expect(codeOf(value, { differs: () => null })).toBe('text_not_allowed');
  });

  it('refuses a suspended and an expired agent, before its words are read', () => {
    expect(codeOf(good, { agent: anAgent({ state: 'suspended' }) })).toBe('agent_suspended');
    expect(codeOf([], { agent: anAgent({ state: 'suspended' }) })).toBe('agent_suspended');
    expect(codeOf(good, { agent: anAgent({ expires_at: '2026-11-24T12:00:00.000Z' }) })).toBe('agent_suspended');
    expect(codeOf(good, { agent: anAgent({ expires_at: '2026-11-24T12:00:00.001Z' }) })).toBeUndefined();
    expect(judgeRequest(Buffer.from('{'), ce, facts({ agent: anAgent({ state: 'suspended' }) })).refusal?.code).toBe(
      'agent_suspended',
    );
  });

  it('lets an agent act for a registered principal, and for nobody else', () => {
    const agent = anAgent({ principals: ['petra'] });
    expect(codeOf(onBehalf, { agent })).toBeUndefined();
    expect(codeOf(onBehalf)).toBe('principal_not_registered');
    expect(codeOf(onBehalf, { agent: anAgent({ principals: ['otto'] }) })).toBe('principal_not_registered');
    const stranger = {
      ...good,
      context: { ...good.context, on_behalf_of: { iss: 'https://other.example', sub: 'u-17' } },
    };
    expect(codeOf(stranger, { agent })).toBe('principal_not_registered');
  });

  it('makes an agent with principals say for whom it acts', () => {
    expect(codeOf(good, { agent: anAgent({ principals: ['petra'] }) })).toBe('principal_not_registered');
  });
});
