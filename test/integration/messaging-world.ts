import { actionCancelRequested, serviceUrn, type EventDefinition } from '#contracts';
import {
  DatabaseModule,
  makeDataSource,
  migrate,
  roleOf,
  Database,
  type Migration,
  type MigrationRunner,
  type Tx,
} from '#database';
import { MessagingModule, topicsApply, withKafkaAdmin, type Incoming, type MessagingOptions } from '#messaging';
import { commonSettings, createApp, defineSettings, loadSettings, Log, newId, Readiness } from '#platform';
import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Kafka, logLevel, type IHeaders, type KafkaMessage, type Producer } from 'kafkajs';
import pg from 'pg';
import { z } from 'zod';
import { eventually } from '../support/eventually.js';
import { startKafka, type Logins, type TestKafka } from '../support/kafka.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

export const partitions = 6;
export const quiet = new Log('policy', 'error', { write: () => undefined });

/** What the handlers of these specs have done: one row per effect, so that a second effect is seen. */
class CreateEffects implements Migration {
  readonly name = 'CreateEffects1700000000100';

  async up(runner: MigrationRunner): Promise<void> {
    await runner.query(`CREATE TABLE effects (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kind text NOT NULL, key text NOT NULL, sequence bigint NOT NULL)`);
    await runner.query('CREATE TABLE subjects (key text PRIMARY KEY, version bigint NOT NULL)');
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query('DROP TABLE effects, subjects');
  }
}

const password = 'only-for-this-test';
const services = ['intake', 'policy', 'notifier'] as const;
type Name = (typeof services)[number];

export interface Effect {
  kind: string;
  key: string;
  sequence: number;
}

/** A real Kafka and a real PostgreSQL, with topics and schemas, and services made for one spec that live in its process. */
export class MessagingWorld {
  readonly #apps: NestFastifyApplication[] = [];
  #producer: Producer | undefined;

  private constructor(
    readonly kafka: TestKafka,
    readonly postgres: TestPostgres,
    readonly adminUrl: string,
    private readonly logins: Logins | undefined,
  ) {}

  /** With `logins` the services log in, each as itself, at a broker where only ACLs allow anything. */
  static async start(agentTopics: string[] = [], logins?: Logins): Promise<MessagingWorld> {
    const [kafka, postgres] = await Promise.all([startKafka(logins), startPostgres()]);
    try {
      const world = new MessagingWorld(kafka, postgres, await postgres.freshDatabase(), logins);
      await world.#prepare(agentTopics);
      return world;
    } catch (error) {
      await Promise.all([kafka.remove(), postgres.remove()]);
      throw error;
    }
  }

  async #prepare(agentTopics: readonly string[]): Promise<void> {
    await migrate(
      this.adminUrl,
      services.map((service) => ({ service, password, migrations: [CreateEffects] })),
    );
    const topics = agentTopics.map((name) => ({ name, principal: `User:${name}` }));
    const wanted = { partitions, replicationFactor: 1, acls: false, agentTopics: topics };
    await withKafkaAdmin(this.connection, quiet, (admin) => topicsApply(admin, wanted));
  }

  get connection(): { brokers: string[]; clientId: string } {
    return { brokers: [this.kafka.brokers], clientId: 'spec' };
  }

  client(): Kafka {
    return new Kafka({ ...this.connection, logLevel: logLevel.NOTHING });
  }

  url(service: Name): string {
    return this.postgres.urlAs(roleOf(service), password, new URL(this.adminUrl).pathname.slice(1));
  }

  database(service: Name): Database {
    const source = makeDataSource({
      url: this.url(service),
      schema: service,
      pool: 4,
      applicationName: 'spec',
      onPoolError: () => undefined,
    });
    const database = new Database(source, quiet);
    database.open();
    return database;
  }

  /** A process of a service, as `start()` makes it, but inside the spec's own process. */
  async service(
    name: Name,
    options: Omit<MessagingOptions, 'service'>,
    providers: Provider[],
    log = quiet,
  ): Promise<NestFastifyApplication> {
    const settings = loadSettings(defineSettings(z.object(commonSettings(name))), {
      SALLYPORT_MODE: 'demo',
      SALLYPORT_DATABASE_URL: this.url(name),
      ...this.brokersFor(name),
      SALLYPORT_TRUST_FILE: '-',
      SALLYPORT_KEYS_FILE: '-',
    });
    const app = await createApp({ name, settings, log }, SpecModule.of(name, options, providers));
    await app.init();
    await app.startAllMicroservices();
    this.#apps.push(app);
    return app;
  }

  private brokersFor(name: Name): Record<string, string> {
    if (this.logins === undefined) return { SALLYPORT_KAFKA_BROKERS: this.kafka.brokers };
    const login = `plain:${name}:${this.logins.passwords[name] ?? ''}`;
    return { SALLYPORT_KAFKA_BROKERS: this.kafka.guardedBrokers, SALLYPORT_KAFKA_LOGIN: login };
  }

  /** All rows of `effects`, in the order in which they were made. */
  async effects(service: Name): Promise<Effect[]> {
    const rows = await this.sql<{ kind: string; key: string; sequence: string }>(
      `SELECT kind, key, sequence FROM ${service}.effects ORDER BY id`,
    );
    return rows.map((row) => ({ ...row, sequence: Number(row.sequence) }));
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

  async produce(
    topic: string,
    messages: { key: string | null; value: string | Buffer | null; headers?: IHeaders }[],
  ): Promise<void> {
    this.#producer ??= this.client().producer({ allowAutoTopicCreation: false });
    await this.#producer.connect();
    await this.#producer.send({ topic, messages });
  }

  /** After the broker was killed: its connection would otherwise be found broken by the next record. */
  async forgetProducer(): Promise<void> {
    await this.#producer?.disconnect();
    this.#producer = undefined;
  }

  /** Every record that is on a topic now, by partition and offset. */
  async records(topic: string): Promise<(KafkaMessage & { partition: number })[]> {
    const kafka = this.client();
    const admin = kafka.admin();
    await admin.connect();
    // Just after a topic was made, its leader may not know yet that it is one.
    const ends = await eventually(() => admin.fetchTopicOffsets(topic));
    await admin.disconnect();
    const left = new Map(
      ends.filter(({ low, high }) => low !== high).map(({ partition, high }) => [partition, BigInt(high)]),
    );
    const found: (KafkaMessage & { partition: number })[] = [];
    if (left.size === 0) return found;
    const consumer = kafka.consumer({ groupId: `spec-${newId()}`, maxWaitTimeInMs: 50 });
    const all = Promise.withResolvers<undefined>();
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ partition, message }) => {
        found.push({ ...message, partition });
        if (BigInt(message.offset) + 1n >= (left.get(partition) ?? -1n)) left.delete(partition);
        if (left.size === 0) all.resolve(undefined);
      },
    });
    await all.promise;
    await consumer.disconnect();
    return found.sort((a, b) => a.partition - b.partition || Number(BigInt(a.offset) - BigInt(b.offset)));
  }

  /** Closes services as a signal would. */
  async stop(...apps: NestFastifyApplication[]): Promise<void> {
    for (const app of apps) {
      this.#apps.splice(this.#apps.indexOf(app), 1);
      await app.close();
    }
  }

  /** Closes those that a failed case has left running. */
  async stopAll(): Promise<void> {
    await Promise.all(this.#apps.splice(0).map((app) => app.close()));
  }

  async remove(): Promise<void> {
    await this.stopAll();
    await this.#producer?.disconnect();
    await Promise.all([this.kafka.remove(), this.postgres.remove()]);
  }
}

@Module({})
class SpecModule {
  static of(name: Name, options: Omit<MessagingOptions, 'service'>, providers: Provider[]): DynamicModule {
    return {
      module: SpecModule,
      imports: [
        DatabaseModule.forService({ schema: name, migrations: [CreateEffects] }),
        MessagingModule.forService({ ...options, service: name }),
      ],
      providers,
    };
  }
}

/** One small event of the contracts as a producer's record. */
export function anAsk(key: string, sequence: number, more: { event?: EventDefinition; source?: string } = {}) {
  const { event = actionCancelRequested, source = serviceUrn('intake') } = more;
  return {
    key,
    value: JSON.stringify({ action_id: key, agent_id: 'agent-1', code: 'agent_cancelled', by: String(sequence) }),
    headers: {
      ce_specversion: '1.0',
      ce_id: newId(),
      ce_source: source,
      ce_type: event.type,
      ce_subject: key,
      ce_sequence: String(sequence),
      ce_time: '2026-11-24T00:00:00.000Z',
      'content-type': 'application/json',
    },
  };
}

/** Adds one effect per event, in one statement. */
export async function addEffects(
  tx: Tx,
  kind: string,
  events: readonly Pick<Incoming<unknown>, 'key' | 'sequence'>[],
): Promise<void> {
  await tx.query(
    'INSERT INTO effects (kind, key, sequence) SELECT $1, key, sequence FROM unnest($2::text[], $3::bigint[]) WITH ORDINALITY AS e(key, sequence, n) ORDER BY n',
    [kind, events.map(({ key }) => key), events.map(({ sequence }) => sequence)],
  );
}

export const readinessOf = (app: NestFastifyApplication): Readiness => app.get(Readiness);
