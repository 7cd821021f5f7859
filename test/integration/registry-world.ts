import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DynamicModule } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import pg from 'pg';
import { migrate, roleOf, type MigrationClass } from '#database';
import { topicsApply, withKafkaAdmin } from '#messaging';
import { createApp, loadSettings, Log, portName, type CommonSettings } from '#platform';
import { freePorts } from '../../tools/world/ports.js';
import { settings as intakeSettings } from '../../apps/intake/src/config.js';
import { IntakeModule, migrations as intakeMigrations } from '../../apps/intake/src/intake.module.js';
import { settings as registrySettings } from '../../apps/registry/src/config.js';
import { migrations as registryMigrations, RegistryModule } from '../../apps/registry/src/registry.module.js';
import { Ballots } from '../support/ballots.js';
import { aGate, aPersonSpec, type TestGate } from '../support/gate.js';
import { TestIssuer } from '../support/issuer.js';
import { KeyList } from '../support/key-list.js';
import { startKafka, type TestKafka } from '../support/kafka.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { scratchFolder } from '../support/scratch.js';
import { SpecBus } from './registry-bus.js';

const password = 'only-for-this-test';
const migrations = { registry: registryMigrations, intake: intakeMigrations } as const;
export type ServiceOfWorld = keyof typeof migrations;

export interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown> & { code?: string; version?: number; detail?: string };
}

interface Call {
  /** A person, who signs what changes something. */
  as?: string;
  /** Only with the access token. */
  unsigned?: boolean;
  bearer?: string;
  ifMatch?: number | string;
  headers?: Record<string, string>;
  body?: unknown;
}

/** The registry and intake in the spec's own process, on a real Kafka and a real PostgreSQL. Rita is the first registrar. */
export class RegistryWorld {
  readonly gate: TestGate;
  readonly bus: SpecBus;
  /** More settings of the registry, for whatever starts from now on. */
  registrySettings: Record<string, string> = {};
  readonly ballots: Ballots;
  readonly #scratch = scratchFolder('registry');
  readonly #apps: NestFastifyApplication[] = [];
  readonly #ports = new Map<ServiceOfWorld, number>();

  private constructor(
    readonly kafka: TestKafka,
    readonly postgres: TestPostgres,
    readonly issuer: TestIssuer,
    /** Asked whether a person's key still signs. */
    readonly credentials: KeyList,
    readonly adminUrl: string,
  ) {
    this.gate = aGate();
    this.ballots = new Ballots(this.gate);
    this.bus = new SpecBus(kafka.brokers);
  }

  static async start(): Promise<RegistryWorld> {
    const parts = [startKafka(), startPostgres(), TestIssuer.start(), KeyList.start()] as const;
    const [kafka, postgres, issuer, credentials] = await Promise.all(parts);
    const world = new RegistryWorld(kafka, postgres, issuer, credentials, await postgres.freshDatabase());
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
  bootstrapFile(people: readonly string[] = ['rita'], more: readonly unknown[] = []): string {
    const documents = [
      ...more,
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
      SALLYPORT_CREDENTIALS_URL: this.credentials.url,
      [portName(service)]: String(this.#ports.get(service)),
    };
  }

  async startRegistry(bootstrap = this.bootstrapFile()): Promise<NestFastifyApplication> {
    const app = await this.startUnready(bootstrap);
    await this.untilReady('registry');
    return app;
  }

  /** The registry as far as it comes with that file; without one when it is empty. */
  startUnready(bootstrap: string): Promise<NestFastifyApplication> {
    return this.#start('registry', ...this.#registry(bootstrap));
  }

  async startIntake(): Promise<NestFastifyApplication> {
    const app = await this.#start('intake', ...this.#intake());
    await this.untilReady('intake');
    return app;
  }

  /** A second instance, known to its peers by nothing but the database and the consumer group. */
  async startSecond(name: ServiceOfWorld, bootstrap = ''): Promise<NestFastifyApplication> {
    const [settings, module] = name === 'intake' ? this.#intake() : this.#registry(bootstrap);
    const app = await createApp({ name, settings, log: quiet(name) }, module);
    this.#apps.push(app);
    await app.listen(0, '127.0.0.1');
    await app.startAllMicroservices();
    return app;
  }

  #intake(): [CommonSettings, DynamicModule] {
    return [loadSettings(intakeSettings, this.environment('intake')), IntakeModule.forService()];
  }

  #registry(bootstrap: string): [CommonSettings, DynamicModule] {
    const issuers = { SALLYPORT_OIDC_ISSUERS: this.issuer.setting };
    const file = bootstrap === '' ? {} : { SALLYPORT_REGISTRY_BOOTSTRAP_FILE: bootstrap };
    const environment = { ...this.environment('registry'), ...issuers, ...file, ...this.registrySettings };
    const settings = loadSettings(registrySettings, environment);
    return [settings, RegistryModule.forSettings(settings)];
  }

  async #start(name: ServiceOfWorld, settings: CommonSettings, module: DynamicModule): Promise<NestFastifyApplication> {
    const app = await createApp({ name, settings, log: quiet(name) }, module);
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
    const body = textOf(call.body);
    const own = await this.#headersOf(service, call);
    const parts = { method, url: this.url(service) + path, body, ifMatch: own['if-match'] };
    const signer = call.unsigned === true || method === 'GET' ? undefined : call.as;
    const headers = signer === undefined ? own : { ...this.signed(signer, parts), ...own };
    const response = await fetch(this.url(service) + path, { method, headers, ...(body !== undefined && { body }) });
    const text = await response.text();
    const answered = text === '' ? {} : (JSON.parse(text) as Answer['body']);
    return { status: response.status, headers: response.headers, body: answered };
  }

  /** What this person adds to a call that changes something. */
  signed(sub: string, call: Parameters<Ballots['call']>[1]): Record<string, string> {
    return this.ballots.call({ iss: this.issuer.issuer, sub }, call);
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

  async stop(app: NestFastifyApplication): Promise<void> {
    this.#apps.splice(this.#apps.indexOf(app), 1);
    await app.close();
  }

  async remove(): Promise<void> {
    await Promise.all(this.#apps.splice(0).map((app) => app.close()));
    await this.bus.close();
    await Promise.all([this.issuer.stop(), this.credentials.close()]);
    await Promise.all([this.kafka.remove(), this.postgres.remove()]);
    this.gate.remove();
    this.#scratch.remove();
  }
}

/** Refusals that a spec provokes are no news. */
const quiet = (name: ServiceOfWorld): Log => new Log(name, 'error', { write: () => undefined });

const textOf = (body: unknown): string | undefined =>
  typeof body === 'string' || body === undefined ? body : JSON.stringify(body);
