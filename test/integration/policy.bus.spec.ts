import { createServer, type Server } from 'node:http';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  actionAccepted, actionCancelRequested, leaseLapsed, lookupBody, registryChanged, serviceUrn, topics, verdict as verdictSchema,
  type EventDefinition, type Known, type RegistryKind,
} from '#contracts'; // prettier-ignore
import { migrate, roleOf } from '#database';
import { topicsApply, withKafkaAdmin } from '#messaging';
import { createApp, loadSettings, Log, newId, portName } from '#platform';
import { digestOfBytes, outcomeAttributes, signOutcome, signServiceToken } from '#trust';
import { Kafka, logLevel, type Consumer, type Producer } from 'kafkajs';
import { settings as definition } from '../../apps/policy/src/config.js';
import { migrations, PolicyModule } from '../../apps/policy/src/policy.module.js';
import { entries } from '../../apps/policy/src/registry.fixture.js';
import { accept, aRequest, type Accepted } from '../../apps/policy/src/requests.fixture.js';
import { acceptedData } from '../../apps/policy/src/service.fixture.js';
import { compileBundle } from '../../tools/policies/compile.js';
import { findOpa } from '../../tools/policies/opa.js';
import { freePorts } from '../../tools/world/ports.js';
import { eventually } from '../support/eventually.js';
import { aGate, signEntry } from '../support/gate.js';
import { startKafka, type TestKafka } from '../support/kafka.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { scratchFolder } from '../support/scratch.js';

const gate = aGate();
const scratch = scratchFolder('policy-bus');
const bundle = `${scratch.dir}/bundle.tar.gz`;
const signed = new Map(
  (entries() as Known<RegistryKind>[]).map((entry) => {
    const { kind, id, version, spec, changed_by } = entry;
    return [`${kind}:${id}`, { entry, jws: signEntry(gate, { kind, id, version, spec, changed_by }) }];
  }),
);

let kafka: TestKafka;
let postgres: TestPostgres;
let producer: Producer;
let consumer: Consumer;
let app: NestFastifyApplication;
let registry: Server;
let [policyUrl, registryUrl] = ['', ''];
const said: { type: string; key: string; data: Record<string, unknown> }[] = [];

/** Answers `POST /v1/lookup` with what is registered. */
function registryOn(port: number): Server {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const asked = lookupBody.parse(JSON.parse(Buffer.concat(chunks).toString('utf8')));
      const found = asked.entries.map(({ kind, id }) => signed.get(`${kind}:${id}`)?.jws ?? null);
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ entries: found, kids: [] }));
    });
  });
  return server.listen(port, '127.0.0.1');
}

const speakers = { registry: topics.registry, intake: topics.actions, credentials: topics.leases };

function record(event: EventDefinition, key: string, data: object, sequence = 1) {
  const [source = ''] = Object.entries(speakers).flatMap(([name, topic]) => (topic === event.topic ? [name] : []));
  const headers = {
    ce_specversion: '1.0', ce_id: newId(), ce_source: serviceUrn(source), ce_type: event.type, ce_subject: key,
    ce_sequence: String(sequence), ce_time: '2026-11-24T00:00:00.000Z', 'content-type': 'application/json',
  }; // prettier-ignore
  return { key, headers, value: JSON.stringify(data) };
}

beforeAll(async () => {
  [kafka, postgres] = await Promise.all([startKafka(), startPostgres(), compileBundle(await findOpa(), bundle)]);
  await migrate(postgres.url, [{ service: 'policy', password: 'spec', migrations }]);
  const connection = { brokers: [kafka.brokers], clientId: 'spec' };
  const log = new Log('policy', 'error', { write: () => undefined });
  await withKafkaAdmin(connection, log, (admin) =>
    topicsApply(admin, { partitions: 6, replicationFactor: 1, acls: false }),
  );
  const client = new Kafka({ ...connection, logLevel: logLevel.NOTHING });
  producer = client.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  await producer.send({
    topic: topics.registry,
    messages: [...signed.entries()].map(([key, { entry, jws }]) => {
      const { kind, id, version } = entry;
      return record(registryChanged, key, { kind, id, version, entry: jws }, version);
    }),
  });
  consumer = client.consumer({ groupId: 'spec', maxWaitTimeInMs: 50 });
  await consumer.connect();
  await consumer.subscribe({ topics: [topics.decisions], fromBeginning: true });
  await consumer.run({
    eachMessage: ({ message: { key, headers, value } }) => {
      const data = JSON.parse(value?.toString('utf8') ?? '{}') as Record<string, unknown>;
      said.push({ type: headers?.['ce_type']?.toString() ?? '', key: key?.toString('utf8') ?? '', data });
      return Promise.resolve();
    },
  });
  await startPolicy(log);
}, 90_000);

async function startPolicy(log: Log): Promise<void> {
  const [policyPort = 0, registryPort = 0] = await freePorts(2);
  [policyUrl, registryUrl] = [`http://127.0.0.1:${String(policyPort)}`, `http://127.0.0.1:${String(registryPort)}`];
  registry = registryOn(registryPort);
  const values = loadSettings(definition, {
    SALLYPORT_MODE: 'demo',
    SALLYPORT_GATE_ID: gate.id,
    SALLYPORT_DATABASE_URL: postgres.urlAs(roleOf('policy'), 'spec'),
    SALLYPORT_KAFKA_BROKERS: kafka.brokers,
    SALLYPORT_TRUST_FILE: gate.trustFile,
    SALLYPORT_KEYS_FILE: gate.keysFile('policy'),
    SALLYPORT_POLICY_BUNDLE_FILE: bundle,
    SALLYPORT_REGISTRY_URL: registryUrl,
    [portName('policy')]: String(policyPort),
  });
  app = await createApp({ name: 'policy', settings: values, log }, PolicyModule.forSettings(values));
  await app.listen(policyPort, '127.0.0.1');
  await app.startAllMicroservices();
}

afterAll(async () => {
  await consumer.disconnect();
  await producer.disconnect();
  await app.close();
  registry.closeAllConnections();
  registry.close();
  await Promise.all([kafka.remove(), postgres.remove()]);
  gate.remove();
  scratch.remove();
});

const ask = (amount_minor = 4_000): Accepted => accept(gate, aRequest('refund', { properties: { amount_minor } }));

async function send(topic: string, ...messages: ReturnType<typeof record>[]): Promise<void> {
  await producer.send({ topic, messages });
}

const accepted = (one: Accepted) => record(actionAccepted, one.actionId, acceptedData(one));
const typesOf = ({ actionId }: Accepted): string[] =>
  said.filter(({ key }) => key === actionId).map(({ type }) => type.split('.')[2] ?? '');

async function judgement(body: object, by?: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const token =
    by === undefined ? {} : { authorization: `Bearer ${signServiceToken(gate.keyring(by), { aud: policyUrl })}` };
  const headers = { 'content-type': 'application/json', ...token };
  const answer = await fetch(`${policyUrl}/v1/judgements`, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

describe('policy on a real bus', () => {
  it('is ready when its rules, its registry and its topics are there', async () => {
    await eventually(async () => {
      const answer = await fetch(`${policyUrl}/readyz`);
      expect([answer.status, await answer.text()]).toStrictEqual([200, expect.stringContaining('deciding by sha256:')]);
    });
  });

  it('judges what intake accepted, and says an ask again behind its verdict', async () => {
    const [small, large, denied] = [ask(), ask(9_000), ask(-1)];
    await send(topics.actions, accepted(small), accepted(large), accepted(denied));
    const cancel = {
      action_id: large.actionId,
      agent_id: large.agentId,
      code: 'agent_cancelled',
      by: 'urn:sallyport:agent:agent-1',
    };
    await send(topics.actions, record(actionCancelRequested, large.actionId, cancel, 2));
    await eventually(() => {
      expect([typesOf(small), typesOf(large), typesOf(denied)]).toStrictEqual([
        ['allowed'],
        ['approval_required', 'cancel_requested'],
        ['denied'],
      ]);
    });
  });

  it('frees what an end on the leases topic frees', async () => {
    const all = Array.from({ length: 14 }, () => ask(4_900));
    await send(topics.actions, ...all.map(accepted));
    await eventually(() => {
      expect(all.flatMap(typesOf)).toHaveLength(14);
    });
    const allowed = all.filter((one) => typesOf(one)[0] === 'allowed');
    expect(allowed.length).toBeLessThan(11);
    const ends = allowed.map(({ actionId, agentId }) => {
      const said = { action_id: actionId, action_digest: digestOfBytes(actionId), code: 'offer_expired' };
      const ce = outcomeAttributes(newId(), 'credentials', 'expired');
      const keyring = gate.keyring('credentials');
      const outcome = signOutcome(keyring, { agentId, ce, value: { ...said, outcome: 'expired', reasons: [] } });
      return record(leaseLapsed, actionId, {
        action_id: actionId,
        agent_id: agentId,
        code: 'offer_expired',
        outcome,
      });
    });
    await send(topics.leases, ...ends);
    await eventually(async () => {
      const next = ask(4_900);
      await send(topics.actions, accepted(next));
      await eventually(() => {
        expect(typesOf(next)).toHaveLength(1);
      });
      expect(typesOf(next)).toStrictEqual(['allowed']);
    });
  }, 30_000);

  it('gives judgements to the service that may ask for them, and to nobody else', async () => {
    const one = ask(1);
    await send(topics.actions, accepted(one));
    await eventually(() => {
      expect(typesOf(one)).toHaveLength(1);
    });
    const redeem = { purpose: 'redeem', evidence: one.request };
    const answer = await judgement(redeem, 'credentials');
    expect(answer.status).toBe(200);
    const by = { purpose: 'verdict', service: 'policy', schema: verdictSchema } as const;
    expect(gate.trust.verify(String(answer.body['verdict']), by)).toMatchObject({
      ok: true,
      payload: { purpose: 'redeem', outcome: 'allow' },
    });
    expect(await judgement(redeem)).toMatchObject({ status: 401, body: { code: 'token_invalid' } });
    expect(await judgement(redeem, 'approvals')).toMatchObject({ status: 404 });
    expect(await judgement({ ...redeem, purpose: 'vote' }, 'notifier')).toMatchObject({ status: 404 });
    expect(await judgement({ ...redeem, evidence: ask(1).request }, 'credentials')).toMatchObject({
      status: 409,
      body: { code: 'evidence_invalid' },
    });
    expect(await judgement({ purpose: 'redeem' }, 'credentials')).toMatchObject({
      status: 400,
      body: { code: 'schema_mismatch' },
    });
  });

  it('answers 503 while the registry does not answer', async () => {
    const one = ask(1);
    await send(topics.actions, accepted(one));
    await eventually(() => {
      expect(typesOf(one)).toHaveLength(1);
    });
    registry.closeAllConnections();
    registry.close();
    expect(await judgement({ purpose: 'redeem', evidence: one.request }, 'credentials')).toMatchObject({
      status: 503,
      body: { code: 'dependency_unavailable' },
    });
  });
});
