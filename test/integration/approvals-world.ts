import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Kafka, logLevel, type Consumer, type Producer } from 'kafkajs';
import {
  judgementBody, lookupBody, policyApprovalRequired, registryChanged, serviceUrn, topics, type ApprovalAnswer, type DataOf,
  type EventDefinition, type RegistryKind, type SpecOf, type VerdictEvidence,
} from '#contracts'; // prettier-ignore
import { migrate, roleOf } from '#database';
import { topicsApply, withKafkaAdmin } from '#messaging';
import { createApp, loadSettings, Log, newId } from '#platform';
import { ApprovalsModule, migrations } from '../../apps/approvals/src/approvals.module.js';
import { settings as definition } from '../../apps/approvals/src/config.js';
import { agentId } from '../../apps/approvals/src/core/plan.fixture.js';
import { accept, judge, type Accepted } from '../../apps/approvals/src/gate.fixture.js';
import { freePorts } from '../../tools/world/ports.js';
import { aGate, signEntry, type TestGate } from '../support/gate.js';
import { Ballots, liveKey, type Unsigned } from '../support/ballots.js';
import { TestIssuer } from '../support/issuer.js';
import { startKafka, type TestKafka } from '../support/kafka.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

const password = 'only-for-this-test';
const quiet = new Log('approvals', 'error');

export interface Answer {
  status: number;
  code: string | undefined;
  body: Record<string, unknown>;
}

/** An event of the service, as it was seen on its topic. */
export interface Heard {
  type: string;
  key: string;
  sequence: number;
  traceparent: string | undefined;
  data: Record<string, unknown>;
}

interface Parts {
  kafka: TestKafka;
  postgres: TestPostgres;
  issuer: TestIssuer;
  server: Server;
  producer: Producer;
  consumer: Consumer;
  app: NestFastifyApplication;
}

/**
 * The real service on a real Kafka and PostgreSQL. The registry and policy are one small server that signs what they
 * would sign; people come through the doors with tokens of a real issuer.
 */
export class ApprovalsWorld {
  readonly heard: Heard[] = [];
  readonly suspended: { agentId: string; caller: string }[] = [];
  readonly asked = new Map<string, Accepted>();
  /** What policy says to a vote; undefined = nothing at all. */
  judgement: ((accepted: Accepted) => VerdictEvidence) | undefined;
  isRegistryDown = false;
  /** What credentials says about every key of a person. */
  keysAre: 'live' | 'ended' | 'unknown' = 'live';
  readonly gate: TestGate = aGate();
  readonly ballots = new Ballots(this.gate);
  private readonly entries = new Map<string, string>();
  private parts: Parts | undefined;
  private port = 0;

  get url(): string {
    return `http://127.0.0.1:${String(this.port)}`;
  }

  async start(): Promise<void> {
    const [kafka, postgres, issuer, ports] = await Promise.all([
      startKafka(),
      startPostgres(),
      TestIssuer.start(),
      freePorts(1),
    ]);
    this.port = ports[0] ?? 0;
    await migrate(postgres.url, [{ service: 'approvals', password, migrations }]);
    const connection = { brokers: [kafka.brokers], clientId: 'spec' };
    await withKafkaAdmin(connection, quiet, (admin) =>
      topicsApply(admin, { partitions: 6, replicationFactor: 1, acls: false }),
    );
    const client = new Kafka({ ...connection, logLevel: logLevel.NOTHING });
    const server = createServer((request, response) => {
      void this.play(request).then(({ body, status }) => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const producer = client.producer({ allowAutoTopicCreation: false });
    await producer.connect();
    const consumer = await this.listen(client);
    const app = await this.startService({ kafka, postgres, issuer, server });
    this.parts = { kafka, postgres, issuer, server, producer, consumer, app };
  }

  async remove(): Promise<void> {
    const { app, consumer, issuer, kafka, postgres, producer, server } = this.made;
    await app.close();
    await Promise.all([producer.disconnect(), consumer.disconnect(), issuer.stop()]);
    server.closeAllConnections();
    server.close();
    await Promise.all([kafka.remove(), postgres.remove()]);
    this.gate.remove();
  }

  /** The gate's own database as its superuser, past every door. */
  get databaseUrl(): string {
    return this.made.postgres.url;
  }

  private get made(): Parts {
    if (this.parts === undefined) throw new TypeError('the world was not started');
    return this.parts;
  }

  private async startService(
    parts: Pick<Parts, 'kafka' | 'postgres' | 'issuer' | 'server'>,
  ): Promise<NestFastifyApplication> {
    const helper = `http://127.0.0.1:${String((parts.server.address() as AddressInfo).port)}`;
    const settings = loadSettings(definition, {
      SALLYPORT_MODE: 'demo',
      SALLYPORT_GATE_ID: this.gate.id,
      SALLYPORT_DATABASE_URL: parts.postgres.urlAs(roleOf('approvals'), password),
      SALLYPORT_KAFKA_BROKERS: parts.kafka.brokers,
      SALLYPORT_TRUST_FILE: this.gate.trustFile,
      SALLYPORT_KEYS_FILE: this.gate.keysFile('approvals'),
      SALLYPORT_OIDC_ISSUERS: parts.issuer.setting,
      SALLYPORT_APPROVALS_PORT: String(this.port),
      SALLYPORT_REGISTRY_URL: helper,
      SALLYPORT_POLICY_URL: helper,
      SALLYPORT_CREDENTIALS_URL: helper,
    });
    const app = await createApp({ name: 'approvals', settings, log: quiet }, ApprovalsModule.forSettings(settings));
    await app.listen(this.port, '127.0.0.1');
    await app.startAllMicroservices();
    return app;
  }

  /** The registry says it on its topic, and answers it from now on. */
  async register<K extends RegistryKind>(kind: K, id: string, spec: SpecOf<K>, version = 1): Promise<void> {
    const entry = signEntry(this.gate, { kind, id, version, spec });
    this.entries.set(`${kind}:${id}`, entry);
    this.entries.set(`${kind}:${id}@${String(version)}`, entry);
    await this.say(registryChanged, { key: `${kind}:${id}`, sequence: version, data: { kind, id, version, entry } });
  }

  /** A request that policy wants people for. */
  async ask(plan: NonNullable<Parameters<typeof judge>[2]>['plan']): Promise<string> {
    const accepted = accept(this.gate);
    this.asked.set(accepted.request.acceptance, accepted);
    const { actionId } = accepted;
    const data = { action_id: actionId, agent_id: agentId, evidence: judge(this.gate, accepted, { plan }) };
    await this.say(policyApprovalRequired, { key: actionId, sequence: 1, data });
    return actionId;
  }

  async say<E extends EventDefinition>(
    event: E,
    said: { key: string; sequence: number; data: DataOf<E> },
  ): Promise<void> {
    const service = event.topic === topics.registry ? 'registry' : 'policy';
    const headers = {
      ce_specversion: '1.0',
      ce_id: newId(),
      ce_source: serviceUrn(service),
      ce_type: event.type,
      ce_subject: said.key,
      ce_sequence: String(said.sequence),
      ce_time: new Date().toISOString(),
      'content-type': 'application/json',
      traceparent: '00-11111111111111111111111111111111-2222222222222222-01',
    };
    await this.send(event.topic, { key: said.key, headers, value: JSON.stringify(said.data) });
  }

  async send(topic: string, message: { key: string; headers: Record<string, string>; value: string }): Promise<void> {
    await this.made.producer.send({ topic, messages: [message] });
  }

  of(actionId: string): string[] {
    return this.heard.filter(({ key }) => key === actionId).map(({ type }) => type.replace(/^sallyport\.|\.v1$/gu, ''));
  }

  /** What this person sends to decide on what is shown, signed with their own key. */
  signed(by: string, { decision, view_digest }: ApprovalAnswer, more: Partial<Unsigned> = {}): object {
    const said: Unsigned = { decision: 'approve', reason: 'ok', view_digest, confirmed: [], ...more };
    return this.ballots.sign({ iss: this.issuer, sub: by }, decision, said);
  }

  /** A call by a person, signed where it changes something; `body` as text for what is no JSON. */
  async call(by: string, method: string, path: string, body?: object | string): Promise<Answer> {
    const token = await this.made.issuer.token(by, this.url);
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const parts = { method, url: this.url + path, body: text };
    const signed = method === 'GET' ? {} : this.ballots.call({ iss: this.issuer, sub: by }, parts);
    return this.callWith(`Bearer ${token}`, method, path, { body: text, headers: signed });
  }

  async token(by: string, aud: string, claims: Record<string, unknown> = {}): Promise<string> {
    return this.made.issuer.token(by, aud, claims);
  }

  get issuer(): string {
    return this.made.issuer.issuer;
  }

  async callWith(
    authorization: string | undefined,
    method: string,
    path: string,
    { body, headers = {} }: { body?: string | undefined; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(authorization !== undefined && { authorization }),
        ...headers,
      },
      ...(body !== undefined && { body }),
    });
    const answer = (await response.json()) as Record<string, unknown>;
    const { code } = answer;
    return { status: response.status, code: typeof code === 'string' ? code : undefined, body: answer };
  }

  private async listen(client: Kafka): Promise<Consumer> {
    const consumer = client.consumer({ groupId: `spec-${newId()}`, maxWaitTimeInMs: 50 });
    await consumer.connect();
    await consumer.subscribe({ topics: [topics.approvals, topics.deadLetters], fromBeginning: true });
    await consumer.run({
      eachMessage: ({ message, topic }) => {
        const header = (name: string): string | undefined => message.headers?.[name]?.toString();
        this.heard.push({
          type: header('ce_type') ?? topic,
          key: message.key?.toString() ?? '',
          sequence: Number(header('ce_sequence') ?? 0),
          traceparent: header('traceparent'),
          data: JSON.parse(message.value?.toString() ?? '{}') as Record<string, unknown>,
        });
        return Promise.resolve();
      },
    });
    return consumer;
  }

  /** The registry and policy, as this service calls them. */
  private async play(request: IncomingMessage): Promise<{ status: number; body: unknown }> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    if (request.url === '/v1/judgements') return this.playPolicy(body);
    if (request.url === '/v1/person-keys/state')
      return { status: this.keysAre === 'unknown' ? 503 : 200, body: { ...liveKey(body), state: this.keysAre } };
    if (this.isRegistryDown) return { status: 503, body: {} };
    const agent = /^\/v1\/agents\/([^/]+)\/suspend$/u.exec(request.url ?? '')?.[1];
    if (agent !== undefined) {
      this.suspended.push({ agentId: decodeURIComponent(agent), caller: request.headers.authorization ?? '' });
      return { status: 200, body: {} };
    }
    const { entries } = lookupBody.parse(body);
    const keyOf = ({ id, kind, version }: (typeof entries)[number]): string =>
      version === undefined ? `${kind}:${id}` : `${kind}:${id}@${String(version)}`;
    return { status: 200, body: { entries: entries.map((one) => this.entries.get(keyOf(one)) ?? null), kids: [] } };
  }

  private playPolicy(body: unknown): { status: number; body: unknown } {
    const accepted = this.asked.get(judgementBody.parse(body).evidence.acceptance);
    if (accepted === undefined || this.judgement === undefined) return { status: 503, body: {} };
    const { facts, verdict } = this.judgement(accepted);
    return { status: 200, body: { facts, verdict } };
  }
}
