import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  acceptance, actionAccepted, actionCancelRequested, actionRejected, approvalExpired, approvalOpened, serviceUrn, topics, type DataOf,
  type EventDefinition,
} from '#contracts'; // prettier-ignore
import { newId } from '#platform';
import { actionDigest, makeProof, outcomeAttributes, signOutcome, verifyOutcome } from '#trust';
import { anAgentSpec, aSigningKey } from '../support/gate.js';
import { eventually } from '../support/eventually.js';
import { anAsk, aValue, eventOf, kafkaAud, recordOf, type AskOver, type SignedAsk } from './intake-asks.js';
import { RegistryWorld, type Answer } from './registry-world.js';

let world: RegistryWorld;
const keyA = aSigningKey();
const keyB = aSigningKey('P-256');
const slow = aSigningKey();
const sick = aSigningKey();
const acting = aSigningKey();

beforeAll(async () => {
  world = await RegistryWorld.start();
  await world.startRegistry();
  await world.register('people', 'olga', world.person('olga'));
  await world.register('people', 'petra', world.person('petra'));
  const properties = { order: { type: 'string' }, amount_minor: { type: 'integer', minimum: 1 } };
  const schema = { type: 'object', additionalProperties: false, required: ['order'], properties };
  await world.register('action-types', 'payment.refund', {
    properties_schema: schema,
    risk: 'medium',
    view: 'refund {order}',
  });
  await world.register('agents', 'a', anAgentSpec([keyA.jwk]));
  await world.register('agents', 'b', anAgentSpec([keyB.jwk]));
  await world.register('agents', 'slow', anAgentSpec([slow.jwk], { requests_per_minute: 5 }));
  await world.register('agents', 'sick', anAgentSpec([sick.jwk], { state: 'suspended' }));
  await world.register('agents', 'acting', anAgentSpec([acting.jwk], { principals: ['petra'] }));
  await world.startIntake();
}, 90_000);
afterAll(() => world.remove(), 30_000);

const overKafka = (over: Partial<AskOver> = {}): SignedAsk =>
  anAsk({ key: keyA.signing, aud: kafkaAud(world.gate.id), ...over });
const overHttp = (over: Partial<AskOver> = {}): SignedAsk =>
  anAsk({ key: keyA.signing, aud: `${world.url('intake')}/v1/actions`, ...over });
const post = (ask: SignedAsk, headers: Record<string, string> = {}): Promise<Answer> =>
  world.call('intake', 'POST', '/v1/actions', {
    body: ask.bytes.toString(),
    headers: { 'sallyport-signature': ask.signature, 'content-type': 'application/json', ...headers },
  });
const said = async (id: string, count = 1) =>
  eventually(async () => {
    const mine = (await world.bus.records(topics.actions)).map(eventOf).filter(({ key }) => key === id);
    expect(mine).toHaveLength(count);
    return mine;
  });
const deadCodes = async (id: string): Promise<unknown[]> =>
  (await world.bus.records(topics.deadLetters))
    .map(eventOf)
    .filter(({ data }) => data['key'] === id)
    .map(({ data }) => data['code']);

/** An event on the topic of approvals. */
const approvalsSay = ({ type }: EventDefinition, actionId: string, data: object, sequence = 1): Promise<void> => {
  const ce = {
    ce_specversion: '1.0', ce_id: newId(), ce_source: serviceUrn('approvals'), ce_type: type, ce_subject: actionId,
    ce_sequence: String(sequence), ce_time: new Date().toISOString(), 'content-type': 'application/json',
  }; // prettier-ignore
  return world.bus.produce(topics.approvals, [{ key: actionId, headers: ce, value: JSON.stringify(data) }]);
};
/** What is told of an action of the agent `crowded`, signed by this service. */
const told = (actionId: string, by: string, outcome: 'pending' | 'expired', expires_at?: string) => {
  const ce = outcomeAttributes(newId(), by, outcome);
  const digest = `sha256:${'A'.repeat(43)}`;
  const approval = expires_at === undefined ? {} : { approval: { expires_at } };
  const value = { action_id: actionId, action_digest: digest, outcome, code: outcome, reasons: [], ...approval };
  return signOutcome(world.gate.keyring(by), { agentId: 'crowded', ce, value });
};
const openedData = (actionId: string, by: string): DataOf<typeof approvalOpened> => {
  const [opened_at, deadline_at] = [0, 3_600].map((more) => new Date(Date.now() + more * 1_000).toISOString()) as [
    string,
    string,
  ];
  const summary = { action: 'payment.refund', resource: 'prod/orders', severity: 'high', groups: [], notify: [] };
  const outcome = told(actionId, by, 'pending', deadline_at);
  return { action_id: actionId, agent_id: 'crowded', summary, stage: 1, opened_at, deadline_at, outcome };
};
const closedData = (actionId: string, by: string): DataOf<typeof approvalExpired> => ({
  action_id: actionId, agent_id: 'crowded', code: 'approval_expired', outcome: told(actionId, by, 'expired'),
}); // prettier-ignore

describe('the Kafka door', () => {
  it('freezes an authentic request: raw bytes, the signature, and a signed acceptance', async () => {
    const ask = overKafka();
    await world.bus.produce(topics.requests, [recordOf(ask)]);
    const [event] = await said(ask.id);
    expect(event?.type).toBe('sallyport.action.accepted.v1');
    const { request, agent_id } = actionAccepted.data.parse(event?.data);
    expect([agent_id, request.value, request.signature]).toEqual(['a', ask.bytes.toString(), ask.signature]);
    const proof = world.gate.trust.verify(request.acceptance, {
      purpose: 'acceptance',
      service: 'intake',
      schema: acceptance,
    });
    expect(proof.ok && proof.payload).toMatchObject({
      action_id: ask.id,
      action_digest: actionDigest({ id: ask.id, source: ask.source, data: JSON.parse(ask.bytes.toString()) }),
      agent: { id: 'a', version: 1 },
    });
  });

  it('rejects an authentic request that is not valid, with a signed outcome, and so uses up its id', async () => {
    const ask = overKafka({ value: aValue('a', { action: { name: 'payment.refund', properties: { order: 7 } } }) });
    await world.bus.produce(topics.requests, [recordOf(ask)]);
    const [event] = await said(ask.id);
    const { code, outcome } = actionRejected.data.parse(event?.data);
    expect(code).toBe('schema_mismatch');
    const told = verifyOutcome(world.gate.trust, outcome, { service: 'intake', agentId: 'a', actionId: ask.id });
    expect(told.ok && told.value).toMatchObject({ outcome: 'rejected', code: 'schema_mismatch' });
    const second = overKafka({ id: ask.id });
    await world.bus.produce(topics.requests, [recordOf(second)]);
    await eventually(async () => { expect(await deadCodes(ask.id)).toEqual(['id_conflict']); });
  }); // prettier-ignore

  it.each<[string, () => Partial<AskOver>, string]>([
    [
      'an unknown action',
      () => ({ value: aValue('a', { action: { name: 'db.drop', properties: {} } }) }),
      'unknown_action',
    ],
    ['no JSON', () => ({ text: '{' }), 'malformed_json'],
    ['a suspended agent', () => ({ agent: 'sick', key: sick.signing }), 'agent_suspended'],
    [
      'an agent that does not say for whom it acts',
      () => ({ agent: 'acting', key: acting.signing }),
      'principal_not_registered',
    ],
    ['an unknown type', () => ({ type: 'sallyport.action.requested.v2' }), 'schema_mismatch'],
  ])('rejects %s', async (_, over, code) => {
    const ask = overKafka(over());
    await world.bus.produce(topics.requests, [recordOf(ask)]);
    const [event] = await said(ask.id);
    expect([event?.type, event?.data['code']]).toEqual(['sallyport.action.rejected.v1', code]);
  });

  it('takes the same request as often as it comes for one, and a replay of the whole topic for nothing', async () => {
    const ask = overKafka();
    await world.bus.produce(topics.requests, [recordOf(ask), recordOf(ask)]);
    await world.bus.produce(topics.requests, [recordOf(ask)]);
    const marker = overKafka();
    await world.bus.produce(topics.requests, [recordOf(marker)]);
    await said(marker.id);
    await said(ask.id, 1);
  });

  it('ends other bytes, other agents and stale records as dead letters: never as an outcome of the id', async () => {
    const ask = overKafka();
    await world.bus.produce(topics.requests, [
      recordOf(ask),
      recordOf(overKafka({ id: ask.id, value: aValue('a', { resource: { type: 'x', id: 'y' } }) })),
      recordOf(overKafka({ id: ask.id, agent: 'b', key: keyB.signing })),
      recordOf(overKafka({ id: '01890000-0000-7000-8000-000000000001' })),
    ]);
    await eventually(async () => { expect(await deadCodes(ask.id)).toEqual(['id_conflict', 'id_taken']); });
    await eventually(async () => { expect(await deadCodes('01890000-0000-7000-8000-000000000001')).toEqual(['stale']); });
    await said(ask.id, 1);
    await said('01890000-0000-7000-8000-000000000001', 0);
  }); // prettier-ignore

  it('counts what nobody signed, keeps its hash, and says nothing about it', async () => {
    const ask = overKafka();
    const forged = { ...recordOf(ask), value: Buffer.from(`${ask.bytes.toString()} `) };
    const stranger = overKafka({ key: aSigningKey().signing });
    const structured = recordOf(overKafka({ key: aSigningKey().signing }), {
      'content-type': 'application/cloudevents+json',
    });
    const bare = { key: 'x', value: 'no cloudevent' };
    await world.bus.produce(topics.requests, [forged, forged, recordOf(stranger), structured, bare]);
    await eventually(async () => {
      const totals = await world.sql('SELECT code, count::int FROM intake.unauthentic_totals ORDER BY code');
      expect(totals).toEqual([
        { code: 'key_unknown', count: 1 },
        { code: 'signature_invalid', count: 2 },
        { code: 'unsupported_mode', count: 2 },
      ]);
    });
    const kept = await world.sql('SELECT code, count::int FROM intake.unauthentic WHERE sha256 = sha256($1)', [
      forged.value,
    ]);
    expect(kept).toEqual([{ code: 'signature_invalid', count: 2 }]);
    // The true record still gets its id.
    await world.bus.produce(topics.requests, [recordOf(ask)]);
    const [event] = await said(ask.id);
    expect(event?.type).toBe('sallyport.action.accepted.v1');
  });

  it('lets nothing that the signature does not cover use up an id', async () => {
    const ask = overKafka();
    await world.bus.produce(topics.requests, [
      { ...recordOf(ask), key: newId() },
      recordOf(ask, { 'content-type': 'application/cloudevents+json' }),
      recordOf(ask),
    ]);
    const [event] = await said(ask.id);
    expect(event?.type).toBe('sallyport.action.accepted.v1');
  });

  it('knows an agent that was registered a moment ago', async () => {
    const fresh = aSigningKey();
    const type = { properties_schema: { type: 'object', additionalProperties: false }, risk: 'low', view: '' };
    await world.register('action-types', 'fresh.act', type);
    await world.register('people', 'fria', world.person('fria'));
    await world.register('agents', 'fresh', anAgentSpec([fresh.jwk], { principals: ['fria'] }));
    const context = { justification: 'x', on_behalf_of: { iss: world.issuer.issuer, sub: 'fria' } };
    const value = aValue('fresh', { action: { name: 'fresh.act', properties: {} }, context });
    const answer = await post(overHttp({ agent: 'fresh', key: fresh.signing, value }));
    expect(answer).toMatchObject({ status: 202 });
  });

  it('gives each agent its quota per minute, exactly, and rejects the rest', async () => {
    const asks = Array.from({ length: 12 }, () => overKafka({ agent: 'slow', key: slow.signing }));
    await world.bus.produce(topics.requests, asks.map((ask) => recordOf(ask)));
    const events = await eventually(async () => {
      const ids = new Set(asks.map(({ id }) => id));
      const mine = (await world.bus.records(topics.actions)).map(eventOf).filter(({ key }) => ids.has(key));
      expect(mine).toHaveLength(12);
      return mine;
    });
    const accepted = events.filter(({ type }) => type.includes('accepted')).length;
    const [row] = await world.sql<{ minutes: number }>(
      "SELECT count(DISTINCT date_trunc('minute', received_at))::int AS minutes FROM intake.actions WHERE agent_id = 'slow'",
    );
    // The clock may have passed into the next minute once; never does a minute take more than five.
    expect(accepted).toBe(row?.minutes === 1 ? 5 : accepted);
    expect(accepted).toBeLessThanOrEqual(5 * (row?.minutes ?? 1));
    expect(events.filter(({ data }) => data['code'] === 'rate_limited')).toHaveLength(12 - accepted);
  }); // prettier-ignore
});

describe('the HTTP door', () => {
  it('answers 202 with where the state is, and the same again for the same request', async () => {
    const ask = overHttp();
    const first = await post(ask);
    expect(first).toMatchObject({ status: 202, body: { action_id: ask.id, state: 'accepted' } });
    expect(first.body['status_url']).toContain(`/v1/actions/${ask.id}`);
    expect(await post(overHttp({ id: ask.id }))).toMatchObject({
      status: 202,
      body: { action_id: ask.id, state: 'accepted' },
    });
    await said(ask.id, 1);
  });

  it.each<[string, () => SignedAsk, number, string]>([
    ['no signature', () => ({ ...overHttp(), signature: '' }), 401, 'signature_missing'],
    ['a signature over other bytes', () => ({ ...overHttp(), bytes: Buffer.from('{}') }), 401, 'signature_invalid'],
    ['a signature for Kafka', () => overKafka(), 401, 'signature_invalid'],
    ['an unknown key', () => overHttp({ key: aSigningKey().signing }), 401, 'key_unknown'],
    ['an old signature', () => overHttp({ iat: Math.floor(Date.now() / 1_000) - 400 }), 401, 'stale'],
    ['an id that is no UUIDv7', () => overHttp({ id: 'INC-1' }), 400, 'schema_mismatch'],
    ['a member twice', () => overHttp({ text: '{"a":1,"a":2}' }), 400, 'duplicate_key'],
    [
      'an unknown action',
      () => overHttp({ value: aValue('a', { action: { name: 'x', properties: {} } }) }),
      400,
      'unknown_action',
    ],
    ['a suspended agent', () => overHttp({ agent: 'sick', key: sick.signing }), 403, 'agent_suspended'],
    ['too large a value', () => overHttp({ text: JSON.stringify('x'.repeat(70_000)) }), 413, 'too_large'],
  ])('answers %s with its code', async (_, ask, status, code) => {
    expect(await post(ask())).toMatchObject({ status, body: { code } });
  });

  it('takes JSON only', async () => {
    const answer = await post(overHttp(), { 'content-type': 'application/cloudevents+json' });
    expect(answer).toMatchObject({ status: 400, body: { code: 'unsupported_mode' } });
  });

  it('answers a rejected request its code as often as it is sent', async () => {
    const ask = overHttp({ value: aValue('a', { action: { name: 'nothing', properties: {} } }) });
    const answers = [await post(ask), await post(ask)];
    expect(answers.map(({ body }) => body.code)).toEqual(['unknown_action', 'unknown_action']);
    await said(ask.id, 1);
    expect(await post(overHttp({ id: ask.id }))).toMatchObject({ status: 409, body: { code: 'id_conflict' } });
    expect(await post(overHttp({ id: ask.id, agent: 'b', key: keyB.signing }))).toMatchObject({
      status: 409,
      body: { code: 'id_taken' },
    });
  });

  it('lets one of many requests under one id win, whichever doors they take', async () => {
    const id = newId();
    const asks = Array.from({ length: 6 }, (_, n) =>
      overHttp({ id, value: aValue('a', { resource: { type: 'x', id: `r${String(n)}` } }) }),
    );
    const kafka = overKafka({ id, value: aValue('a', { resource: { type: 'x', id: 'kafka' } }) });
    const [answers] = await Promise.all([
      Promise.all(asks.map((ask) => post(ask))),
      world.bus.produce(topics.requests, [recordOf(kafka)]),
    ]);
    const marker = overKafka();
    await world.bus.produce(topics.requests, [recordOf(marker)]);
    await said(marker.id);
    const [only] = await said(id, 1);
    expect(only?.type).toBe('sallyport.action.accepted.v1');
    expect(answers.filter(({ status }) => status === 202).length).toBeLessThanOrEqual(1);
    expect(answers.filter(({ status }) => status !== 202).map(({ body }) => body.code)).toEqual(
      expect.arrayContaining(['id_conflict']),
    );
  });

  it('asks an agent over its quota to wait, and the id stays unused', async () => {
    const full = aSigningKey();
    await world.register('agents', 'full', anAgentSpec([full.jwk], { requests_per_minute: 2 }));
    const answers: Answer[] = [];
    const asks = Array.from({ length: 8 }, () => overHttp({ agent: 'full', key: full.signing }));
    for (const ask of asks) answers.push(await post(ask));
    const limited = asks.filter((_, n) => answers[n]?.status === 429);
    expect(limited.length).toBeGreaterThan(0);
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.body.code).toBe('rate_limited');
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
    const rows = await world.sql('SELECT 1 FROM intake.actions WHERE id = ANY($1::uuid[])', [
      limited.map(({ id }) => id),
    ]);
    expect(rows).toEqual([]);
    const minutes = await world.sql<{ taken: number }>(
      `SELECT count(*)::int AS taken FROM intake.actions WHERE agent_id = 'full' GROUP BY date_trunc('minute', received_at)`,
    );
    expect(minutes.every(({ taken }) => taken <= 2)).toBe(true);
  });

  it('asks an agent to wait while as much of it is before people as may be, over Kafka as `rejected`', async () => {
    const crowded = aSigningKey();
    await world.register('agents', 'crowded', anAgentSpec([crowded.jwk], { most_waiting: { in_all: 1 } }));
    const by = { agent: 'crowded', key: crowded.signing };
    const [waits, forged] = [newId(), newId()];
    await approvalsSay(approvalOpened, forged, openedData(forged, 'intake'));
    await approvalsSay(approvalOpened, waits, openedData(waits, 'approvals'));
    const http = await eventually(async () => {
      const asked = overHttp(by);
      const answer = await post(asked);
      expect(answer).toMatchObject({ status: 429, body: { code: 'pending_limit' } });
      return { asked, answer };
    });
    expect(Number(http.answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await world.sql('SELECT 1 FROM intake.actions WHERE id = $1', [http.asked.id])).toEqual([]);
    const kafka = overKafka(by);
    await world.bus.produce(topics.requests, [recordOf(kafka)]);
    const [event] = await said(kafka.id);
    expect([event?.type, event?.data['code']]).toEqual(['sallyport.action.rejected.v1', 'pending_limit']);
    // An end that approvals has not signed lets nothing in.
    await approvalsSay(approvalExpired, waits, closedData(waits, 'credentials'), 2);
    await eventually(async () => { expect([await deadCodes(forged), await deadCodes(waits)]).toEqual([['evidence_invalid'], ['evidence_invalid']]); });
    expect((await post(overHttp(by))).status).toBe(429);
    await approvalsSay(approvalExpired, waits, closedData(waits, 'approvals'), 3);
    await eventually(async () => { expect((await post(overHttp(by))).status).toBe(202); });
    const overdue = newId();
    await approvalsSay(approvalOpened, overdue, openedData(overdue, 'approvals'));
    await eventually(async () => { expect((await post(overHttp(by))).status).toBe(429); });
    await world.sql('UPDATE intake.waiting SET deadline_at = now() WHERE action_id = $1', [overdue]);
    expect((await post(overHttp(by))).status).toBe(202);
  }); // prettier-ignore
});

describe('asking to end', () => {
  const cancel = async (id: string, key = keyA): Promise<Answer> => {
    const path = `/v1/actions/${id}/cancel`;
    const send = (nonce?: string): Promise<Answer> =>
      world.call('intake', 'POST', path, {
        headers: {
          dpop: makeProof({
            key: key.signing,
            htm: 'POST',
            htu: world.url('intake') + path,
            ...(nonce !== undefined && { nonce }),
          }),
        },
      });
    const first = await send();
    expect(first).toMatchObject({ status: 401, body: { code: 'use_dpop_nonce' } });
    return send(first.headers.get('dpop-nonce') ?? '');
  };

  it('says the ask behind accepted, once, whatever often the agent asks', async () => {
    const ask = overHttp();
    await post(ask);
    expect(await cancel(ask.id)).toMatchObject({ status: 202, body: { action_id: ask.id } });
    expect(await cancel(ask.id)).toMatchObject({ status: 202 });
    const events = await said(ask.id, 2);
    expect(events.map(({ type }) => type)).toEqual([
      'sallyport.action.accepted.v1',
      'sallyport.action.cancel_requested.v1',
    ]);
    const data = actionCancelRequested.data.parse(events[1]?.data);
    expect(data).toMatchObject({ code: 'agent_cancelled', by: 'urn:sallyport:agent:a' });
  });

  it('tells another agent nothing, not even that the action exists', async () => {
    const ask = overHttp();
    await post(ask);
    const others = await cancel(ask.id, keyB);
    const nobodys = await cancel(newId(), keyB);
    expect([others.status, others.body]).toEqual([404, nobodys.body]);
    expect(await cancel('INC-1')).toMatchObject({ status: 404 });
  });

  it('does not end what was rejected', async () => {
    const ask = overHttp({ value: aValue('a', { action: { name: 'nothing', properties: {} } }) });
    await post(ask);
    expect(await cancel(ask.id)).toMatchObject({ status: 409, body: { code: 'already_decided' } });
  });
});

describe('asking in the place of an earlier request', () => {
  const superseding = (supersedes: string, by: Partial<AskOver> = {}): Partial<AskOver> => ({ value: aValue(by.agent ?? 'a', { context: { justification: 'lost', supersedes } }), ...by });

  it('ends that one when the new one is accepted, by either door, and once', async () => {
    const old = overHttp();
    await post(old);
    await world.bus.produce(topics.requests, [recordOf(overKafka(superseding(old.id)))]);
    expect((await said(old.id, 2))[1]).toMatchObject({ type: actionCancelRequested.type, data: { code: 'superseded' } });
    expect(await post(overHttp(superseding(old.id)))).toMatchObject({ status: 202 });
    await said(old.id, 2);
  });

  it('is refused where that is no action of its own, whoever else’s it is, and ends nothing', async () => {
    const old = overHttp(); await post(old);
    const byB = { agent: 'b', key: keyB.signing };
    for (const one of [superseding(old.id, byB), superseding(newId(), byB), superseding('INC-1')])
      expect(await post(overHttp(one))).toMatchObject({ status: 400, body: { code: 'supersedes_unknown' } });
    await said(old.id, 1);
  });
}); // prettier-ignore
