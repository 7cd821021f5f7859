import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DynamicModule } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import kafkajs, {
  Kafka,
  logLevel,
  type CompressionTypes,
  type IHeaders,
  type KafkaMessage,
  type Producer,
} from 'kafkajs';
import pg from 'pg';
import { topics } from '#contracts';
import { migrate, roleOf, type MigrationClass } from '#database';
import { topicsApply, withKafkaAdmin } from '#messaging';
import { createApp, loadSettings, Log, portName, type CommonSettings, type SettingsDefinition } from '#platform';
import { freePorts } from '../../tools/world/ports.js';
import { settings as intakeSettings } from '../../apps/intake/src/config.js';
import { IntakeModule, migrations as intakeMigrations } from '../../apps/intake/src/intake.module.js';
import { settings as registrySettings } from '../../apps/registry/src/config.js';
import { migrations as registryMigrations, RegistryModule } from '../../apps/registry/src/registry.module.js';
import { aGate, aPersonSpec, type TestGate } from '../support/gate.js';
import { TestIssuer } from '../support/issuer.js';
import { startKafka, type TestKafka } from '../support/kafka.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { scratchFolder } from '../support/scratch.js';

const password = 'only-for-this-test';
const migrations = { registry: registryMigrations, intake: intakeMigrations } as const;
export type ServiceOfWorld = keyof typeof migrations;

export interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown> & { code?: string; version?: number; detail?: string };
}

interface Call {
  as?: string;
  bearer?: string;
  ifMatch?: number | string;
  headers?: Record<string, string>;
  body?: unknown;
}

/** The registry and intake in the spec's own process, on a real Kafka and a real PostgreSQL. Rita is the first registrar. */
export class RegistryWorld {
  readonly gate: TestGate;
  readonly #scratch = scratchFolder('registry');
  readonly #apps: NestFastifyApplication[] = [];
  readonly #ports = new Map<ServiceOfWorld, number>();
  readonly #producers: Producer[] = [];
  #producer: Producer | undefined;

  private constructor(
    readonly kafka: TestKafka,
    readonly postgres: TestPostgres,
    readonly issuer: TestIssuer,
    readonly adminUrl: string,
  ) {
    this.gate = aGate();
  }

  static async start(): Promise<RegistryWorld> {
    const [kafka, postgres, issuer] = await Promise.all([startKafka(), startPostgres(), TestIssuer.start()]);
    const world = new RegistryWorld(kafka, postgres, issuer, await postgres.freshDatabase());
    await world.#prepare();
    return world;
  }

  async #prepare(): Promise<void> {
    const [registry = 0, intake = 0] = await freePorts(2);
    this.#ports.set('registry', registry).set('intake', intake);
    const services = Object.entries(migrations) as [ServiceOfWorld, readonly MigrationClass[]][];
    await migrate(
      this.adminUrl,
      services.map(([service, list]) => ({ service, password, migrations: list })),
    );
    const wanted = { partitions: 6, replicationFactor: 1, acls: false };
    const connection = { brokers: [this.kafka.brokers], clientId: 'spec' };
    await withKafkaAdmin(connection, new Log('registry', 'error'), (admin) => topicsApply(admin, wanted));
  }

  url(service: ServiceOfWorld): string {
    return `http://127.0.0.1:${String(this.#ports.get(service))}`;
  }

  /** The people that the bootstrap file names, each with an account of the issuer under the same name. */
  bootstrapFile(people: readonly string[] = ['rita']): string {
    const documents = [
      ...people.map((id) => ({ kind: 'people', id, spec: this.person(id) })),
      { kind: 'groups', id: 'registrars', spec: { members: people } },
    ];
    const file = join(this.#scratch.dir, 'bootstrap.yaml');
    writeFileSync(file, documents.map((document) => JSON.stringify(document)).join('\n---\n'));
    return file;
  }

  person(sub: string, over: Parameters<typeof aPersonSpec>[1] = {}): ReturnType<typeof aPersonSpec> {
    return aPersonSpec(sub, { identities: [{ iss: this.issuer.issuer, sub }], ...over });
  }

  environment(service: ServiceOfWorld): Record<string, string> {
    return {
      SALLYPORT_MODE: 'demo',
      SALLYPORT_GATE_ID: this.gate.id,
      SALLYPORT_LOG_LEVEL: 'error',
      SALLYPORT_DATABASE_URL: this.postgres.urlAs(roleOf(service), password, new URL(this.adminUrl).pathname.slice(1)),
      SALLYPORT_KAFKA_BROKERS: this.kafka.brokers,
      SALLYPORT_TRUST_FILE: this.gate.trustFile,
      SALLYPORT_KEYS_FILE: this.gate.keysFile(service),
      SALLYPORT_REGISTRY_URL: this.url('registry'),
      SALLYPORT_INTAKE_URL: this.url('intake'),
      [portName(service)]: String(this.#ports.get(service)),
    };
  }

  async startRegistry(bootstrap = this.bootstrapFile()): Promise<NestFastifyApplication> {
    const env = { ...this.environment('registry'), SALLYPORT_OIDC_ISSUERS: this.issuer.setting };
    const values = { ...env, SALLYPORT_REGISTRY_BOOTSTRAP_FILE: bootstrap };
    const app = await this.#start('registry', registrySettings, values, (read) => RegistryModule.forSettings(read));
    await this.untilReady('registry');
    return app;
  }

  async startIntake(): Promise<NestFastifyApplication> {
    const env = this.environment('intake');
    const app = await this.#start('intake', intakeSettings, env, () => IntakeModule.forService());
    await this.untilReady('intake');
    return app;
  }

  /** A second instance, known to its peers by nothing but the database and the consumer group. */
  async startSecondIntake(): Promise<NestFastifyApplication> {
    const settings = loadSettings(intakeSettings, this.environment('intake'));
    const log = new Log('intake', 'error');
    const app = await createApp({ name: 'intake', settings, log }, IntakeModule.forService());
    this.#apps.push(app);
    await app.listen(0, '127.0.0.1');
    await app.startAllMicroservices();
    return app;
  }

  async #start<T extends CommonSettings>(
    name: ServiceOfWorld,
    definition: SettingsDefinition<T>,
    env: Record<string, string>,
    module: (settings: T) => DynamicModule,
  ): Promise<NestFastifyApplication> {
    const settings = loadSettings(definition, env);
    const app = await createApp({ name, settings, log: new Log(name, 'error') }, module(settings));
    await app.listen(this.#ports.get(name) ?? 0, '127.0.0.1');
    this.#apps.push(app);
    await app.startAllMicroservices();
    return app;
  }

  async untilReady(service: ServiceOfWorld): Promise<void> {
    const deadline = performance.now() + 20_000;
    for (;;) {
      const response = await fetch(`${this.url(service)}/readyz`).catch(() => undefined);
      const report = await response?.text();
      if (response?.ok === true) return;
      if (performance.now() > deadline) throw new Error(`${service} is not ready: ${report ?? 'no answer'}`);
      await new Promise((wake) => setTimeout(wake, 50));
    }
  }

  async call(service: ServiceOfWorld, method: string, path: string, call: Call = {}): Promise<Answer> {
    const headers = await this.#headersOf(service, call);
    const body = textOf(call.body);
    const response = await fetch(this.url(service) + path, { method, headers, ...(body !== undefined && { body }) });
    const text = await response.text();
    const answered = text === '' ? {} : (JSON.parse(text) as Answer['body']);
    return { status: response.status, headers: response.headers, body: answered };
  }

  async #headersOf(service: ServiceOfWorld, call: Call): Promise<Record<string, string>> {
    const bearer = call.as === undefined ? call.bearer : await this.issuer.token(call.as, this.url(service));
    const seen = typeof call.ifMatch === 'number' ? `"${String(call.ifMatch)}"` : call.ifMatch;
    return {
      ...(call.body !== undefined && { 'content-type': 'application/json' }),
      ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
      ...(seen !== undefined && { 'if-match': seen }),
      ...call.headers,
    };
  }

  /** Registers as Rita; the spec fails when the registry refuses. */
  async register(kind: string, id: string, spec: unknown, over: Call = {}): Promise<Answer> {
    const answer = await this.call('registry', 'PUT', `/v1/${kind}/${encodeURIComponent(id)}`, {
      as: 'rita',
      body: spec,
      ...over,
    });
    if (answer.status >= 300) throw new Error(`${kind}/${id}: ${JSON.stringify(answer.body)}`);
    return answer;
  }

  /** As the superuser, past every right. */
  async sql<R extends object>(statement: string, params: unknown[] = []): Promise<R[]> {
    const client = new pg.Client({ connectionString: this.adminUrl });
    await client.connect();
    try {
      return (await client.query<R>(statement, params)).rows;
    } finally {
      await client.end();
    }
  }

  /** Takes the records of a key off a topic of one partition, by writing the others anew behind all that was there. */
  async forget(topic: string, forgotten: string): Promise<void> {
    const kept = (await this.records(topic)).filter(({ key }) => key?.toString() !== forgotten);
    const admin = this.client().admin();
    await admin.connect();
    const [end] = await admin.fetchTopicOffsets(topic);
    await admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: kafkajs.ConfigResourceTypes.TOPIC,
          name: topic,
          configEntries: [{ name: 'cleanup.policy', value: 'compact,delete' }],
        },
      ],
    });
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: end?.high ?? '0' }] });
    await admin.disconnect();
    const messages = kept.map(({ key, value, headers }) => ({
      key: key?.toString() ?? '',
      value,
      headers: headers ?? {},
    }));
    await this.produce(topic, messages);
  }

  client(): Kafka {
    return new Kafka({ brokers: [this.kafka.brokers], clientId: 'spec', logLevel: logLevel.NOTHING });
  }

  async produce(
    topic: string,
    messages: { key: string | null; value: string | Buffer | null; headers?: IHeaders }[],
  ): Promise<void> {
    const producer = await this.#connected();
    await producer.send({ topic, messages });
  }

  /** Batches of one small and one great record in each of these compressions; the broker takes them apart or refuses them. */
  async compressedBatches(compressions: readonly CompressionTypes[]): Promise<void> {
    const producer = await this.#connected();
    for (const compression of compressions) {
      for (const value of [Buffer.from('{"not":"signed"}'), Buffer.alloc(100_000, 'x'), Buffer.alloc(30_000_000)]) {
        await producer.send({ topic: topics.requests, compression, messages: [{ key: 'bomb', value }] }).catch(refused);
      }
    }
  }

  /** A record of 1 MB, which the broker refuses, and a transaction that is never ended, which hides what comes behind it. */
  async hostileProducers(): Promise<void> {
    const producer = await this.#connected();
    await producer
      .send({ topic: topics.requests, messages: [{ key: 'big', value: Buffer.alloc(1_048_576, 'x') }] })
      .catch(refused);
    const endless = this.client().producer({
      transactionalId: 'endless',
      maxInFlightRequests: 1,
      idempotent: true,
      transactionTimeout: 60_000,
    });
    await endless.connect();
    const transaction = await endless.transaction();
    const messages = Array.from({ length: 60 }, (_, n) => ({ key: `t${String(n)}`, value: 'open' }));
    await transaction.send({ topic: topics.requests, messages });
    this.#producers.push(endless);
  }

  async #connected(): Promise<Producer> {
    this.#producer ??= this.client().producer({ allowAutoTopicCreation: false, retry: { retries: 2 } });
    await this.#producer.connect();
    return this.#producer;
  }

  /** Every record that is on a topic now, each partition in its order. */
  async records(topic: string): Promise<(KafkaMessage & { partition: number })[]> {
    const kafka = this.client();
    const admin = kafka.admin();
    await admin.connect();
    const ends = await admin.fetchTopicOffsets(topic);
    await admin.disconnect();
    const left = new Map(
      ends.filter(({ low, high }) => low !== high).map(({ partition, high }) => [partition, BigInt(high)]),
    );
    const found: (KafkaMessage & { partition: number })[] = [];
    if (left.size === 0) return found;
    const consumer = kafka.consumer({ groupId: `spec-${crypto.randomUUID()}`, maxWaitTimeInMs: 50 });
    const all = Promise.withResolvers<undefined>();
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachMessage: ({ partition, message }) => {
        found.push({ ...message, partition });
        if (BigInt(message.offset) + 1n >= (left.get(partition) ?? -1n)) left.delete(partition);
        if (left.size === 0) all.resolve(undefined);
        return Promise.resolve();
      },
    });
    await all.promise;
    await consumer.disconnect();
    return found.sort((a, b) => a.partition - b.partition || Number(BigInt(a.offset) - BigInt(b.offset)));
  }

  async stop(app: NestFastifyApplication): Promise<void> {
    this.#apps.splice(this.#apps.indexOf(app), 1);
    await app.close();
  }

  async remove(): Promise<void> {
    await Promise.all(this.#apps.splice(0).map((app) => app.close()));
    for (const producer of this.#producers) await producer.disconnect();
    await this.#producer?.disconnect();
    await this.issuer.stop();
    await Promise.all([this.kafka.remove(), this.postgres.remove()]);
    this.gate.remove();
    this.#scratch.remove();
  }
}

const textOf = (body: unknown): string | undefined =>
  typeof body === 'string' || body === undefined ? body : JSON.stringify(body);

/** The broker's no is as good as ours. */
const refused = (): undefined => undefined;
