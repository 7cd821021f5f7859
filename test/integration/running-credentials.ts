import { expect } from '@jest/globals';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Kafka, logLevel, type Consumer, type Producer } from 'kafkajs';
import type pg from 'pg';
import { serviceUrn, topics, type EventDefinition } from '#contracts';
import { migrate, roleOf } from '#database';
import { topicsApply, withKafkaAdmin } from '#messaging';
import { createApp, loadSettings, Log, newId } from '#platform';
import { settings as definition } from '../../apps/credentials/src/config.js';
import { gateId, type Action, type World } from '../../apps/credentials/src/core/evidence.fixture.js';
import { CredentialsModule, migrations } from '../../apps/credentials/src/credentials.module.js';
import { freePorts } from '../../tools/world/ports.js';
import { eventually } from '../support/eventually.js';
import { startKafka, type TestKafka } from '../support/kafka.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { scratchFolder } from '../support/scratch.js';
import { inTransaction } from './admin-session.js';
import { client, Peers, sources } from './credentials-peers.js';
import { Said, type Alarm, type Seen, type Switched } from './credentials-said.js';
import { startPostgresTarget, type PostgresTarget } from './postgres-target.js';

const password = 'only-for-this-test';

export interface Parts {
  kafka: TestKafka;
  postgres: TestPostgres;
  target: PostgresTarget;
  port: number;
  adminUrl: string;
  producer: Producer;
  consumer: Consumer;
  peers: Peers;
  scratch: ReturnType<typeof scratchFolder>;
}

/** Everything that the service needs. Registry, policy and the identity provider are one small server. */
export async function startParts(keys: World): Promise<Parts> {
  const started = [startKafka(), startPostgres(), startPostgresTarget(), Peers.start(keys)] as const;
  const [kafka, postgres, target, peers] = await Promise.all(started);
  const [port = 0] = await freePorts(1);
  const kafkaClient = new Kafka({ brokers: [kafka.brokers], clientId: 'spec', logLevel: logLevel.NOTHING });
  return {
    kafka, postgres, target, port, peers, scratch: scratchFolder('credentials'), adminUrl: await postgres.freshDatabase(),
    producer: kafkaClient.producer({ allowAutoTopicCreation: false }),
    consumer: kafkaClient.consumer({ groupId: `spec-${newId()}`, maxWaitTimeInMs: 50 }),
  }; // prettier-ignore
}

/** The real service, in the spec's own process, on a real Kafka, PostgreSQL and PostgreSQL target, and what it says. */
export class RunningCredentials {
  protected app: NestFastifyApplication | undefined;
  private readonly said: Said;

  constructor(
    readonly keys: World,
    protected readonly parts: Parts,
    private readonly settings: Record<string, string>,
  ) {
    this.said = new Said(keys);
  }

  get target(): PostgresTarget {
    return this.parts.target;
  }

  get url(): string {
    return `http://127.0.0.1:${String(this.parts.port)}`;
  }

  get peers(): Peers {
    return this.parts.peers;
  }

  /** Everything around the service, which does not run yet. */
  protected async connect(): Promise<void> {
    const { kafka, adminUrl, producer, consumer } = this.parts;
    await migrate(adminUrl, [{ service: 'credentials', password, migrations }]);
    const connection = { brokers: [kafka.brokers], clientId: 'spec' };
    const wanted = { partitions: 6, replicationFactor: 1, acls: false };
    await withKafkaAdmin(connection, quiet, (admin) => topicsApply(admin, wanted));
    await producer.connect();
    await this.listen(consumer);
  }

  /** The service as `start()` makes it, inside the spec's own process. */
  async startService(): Promise<void> {
    const { target, kafka, postgres, adminUrl, port, scratch } = this.parts;
    const dir = join(scratch.dir, 'keys');
    const keysFile = this.keysFile;
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'trust.json'), JSON.stringify(this.keys.files.trust));
    writeFileSync(keysFile, JSON.stringify(this.keys.files.keys.get('credentials')), { mode: 0o600 });
    const issuers = [
      { issuer: this.peers.url, jwks_uri: `${this.peers.url}/jwks`, clients: [client], native_clients: [client] },
    ];
    const settings = loadSettings(definition, {
      SALLYPORT_MODE: 'demo',
      SALLYPORT_GATE_ID: gateId,
      SALLYPORT_DATABASE_URL: postgres.urlAs(roleOf('credentials'), password, new URL(adminUrl).pathname.slice(1)),
      SALLYPORT_KAFKA_BROKERS: kafka.brokers,
      SALLYPORT_TRUST_FILE: join(dir, 'trust.json'),
      SALLYPORT_KEYS_FILE: keysFile,
      SALLYPORT_CREDENTIALS_PORT: String(port),
      SALLYPORT_CREDENTIALS_URL: this.url,
      SALLYPORT_POLICY_URL: this.peers.url,
      SALLYPORT_REGISTRY_URL: this.peers.url,
      SALLYPORT_OIDC_ISSUERS: JSON.stringify(issuers),
      SALLYPORT_CREDENTIALS_SECRETS_DIR: target.secretsDir,
      SALLYPORT_CREDENTIALS_MINT_SECONDS: '2',
      SALLYPORT_CREDENTIALS_RECONCILE_SECONDS: '1',
      ...this.settings,
    });
    this.app = await createApp({ name: 'credentials', settings, log: quiet }, CredentialsModule.forSettings(settings));
    await this.app.listen(port, '127.0.0.1');
    await this.app.startAllMicroservices();
    await eventually(async () => expect((await fetch(`${this.url}/readyz`)).status).toBe(200), { withinMs: 60_000 });
  }

  get keysFile(): string {
    return join(this.parts.scratch.dir, 'keys', 'credentials.keys.json');
  }

  async stopService(): Promise<void> {
    await this.app?.close();
    this.app = undefined;
  }

  async remove(): Promise<void> {
    await this.stopService();
    const { producer, consumer, peers, kafka, postgres, target, scratch } = this.parts;
    await Promise.allSettled([producer.disconnect(), consumer.disconnect()]);
    await peers.stop();
    await Promise.all([kafka.remove(), postgres.remove(), target.remove()]);
    scratch.remove();
  }

  async produce(event: EventDefinition, key: string, sequence: number, data: object): Promise<void> {
    const source = Object.entries(sources).find(([topic]) => topic === event.topic)?.[1] ?? 'policy';
    const headers = {
      ce_specversion: '1.0', ce_id: newId(), ce_source: serviceUrn(source), ce_type: event.type, ce_subject: key,
      ce_sequence: String(sequence), ce_time: new Date().toISOString(), 'content-type': 'application/json',
    }; // prettier-ignore
    await this.parts.producer.send({ topic: event.topic, messages: [{ key, value: JSON.stringify(data), headers }] });
  }

  private async listen(consumer: Consumer): Promise<void> {
    await consumer.connect();
    await consumer.subscribe({ topics: [topics.leases], fromBeginning: true });
    await consumer.run({
      eachMessage: ({ message }) => {
        this.said.take(message);
        return Promise.resolve();
      },
    });
  }

  get seen(): readonly Seen[] {
    return this.said.seen;
  }

  /** What was said about the kill switch, each with its sequence. */
  get switched(): readonly Switched[] {
    return this.said.switched;
  }

  /** The alarms about a lease, by what they say. */
  alarms(leaseId: string): Alarm[] {
    return this.said.alarms.filter(({ lease_id }) => lease_id === leaseId);
  }

  /** Everything said about an action so far. */
  about({ actionId }: Action): Seen[] {
    return this.seen.filter(({ data }) => data.action_id === actionId);
  }

  outcomes(action: Action): string[] {
    return this.about(action).map(({ outcome, data }) =>
      data.code === undefined ? outcome : `${outcome}/${data.code}`,
    );
  }

  /** Waits until this was said about the action, and nothing else. */
  hears(action: Action, ...expected: string[]): Promise<void> {
    return eventually(() => {
      const heard = this.outcomes(action);
      if (JSON.stringify(heard) !== JSON.stringify(expected))
        throw new Error(`heard ${heard.join(', ')}; expected ${expected.join(', ')}`);
    });
  }

  /** Waits for the offer; answers the lease's id. */
  offered(action: Action): Promise<string> {
    return eventually(() => {
      const offer = this.about(action).find(({ outcome }) => outcome === 'offered');
      if (offer === undefined) throw new Error(`not offered but ${this.outcomes(action).join(', ')}`);
      return String(offer.data['lease_id']);
    });
  }

  /** A part of the running service, for what no door can show. */
  part<T>(type: Type<T>): T {
    if (this.app === undefined) throw new TypeError('the service does not run');
    return this.app.get(type, { strict: false });
  }

  /** As the gate's own database sees a lease, past every door. */
  async row(leaseId: string): Promise<Record<string, unknown>> {
    const [row = {}] = await this.admin('SELECT * FROM credentials.leases WHERE lease_id = $1', [leaseId]);
    return row;
  }

  /** Who took a lease and what is kept of its answer, past every door. */
  async delivery(leaseId: string): Promise<Record<string, unknown>> {
    const [row = {}] = await this.admin('SELECT * FROM credentials.lease_deliveries WHERE lease_id = $1', [leaseId]);
    return row;
  }

  /** One statement as the owner of the gate's database. */
  async admin(sql: string, params: unknown[] = []): Promise<Record<string, unknown>[]> {
    return (await this.inTransaction((session) => session.query<Record<string, unknown>>(sql, params))).rows;
  }

  /** As the owner of the gate's database, committed when `work` is done. */
  inTransaction<T>(work: (session: pg.Client) => Promise<T>): Promise<T> {
    return inTransaction(this.parts.adminUrl, work);
  }
}

const quiet = new Log(
  'credentials',
  'warn',
  process.env['SPEC_LOG'] === undefined ? { write: () => undefined } : process.stderr,
);
