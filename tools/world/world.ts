import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { serviceNames, type ServiceName } from '#platform';
import { partSettings, personSettings } from './embedded-settings.js';
import { GateFiles } from './gate-files.js';
import { EmbeddedKafka } from './kafka.js';
import { root } from './place.js';
import { freePorts } from './ports.js';
import { refuseTakenPorts, type PortName, type Ports } from './ports-of-world.js';
import { EmbeddedPostgres } from './postgres.js';
import { known, settingsOf } from './service-settings.js';
import { inherited, node, ownSettings, serviceProgram, serviceUrls, type Environment } from './service-program.js';
import { Supervisor, type News, type Supervised } from './supervisor.js';

export interface WorldOptions {
  /** Holds all data, keys and logs; a second world on the same folder finds them again. */
  dir: string;
  ports: Ports;
  /** Parts that run elsewhere already; the others are started here. */
  external: { brokers?: string; databaseUrl?: string };
  /** False for worlds that are thrown away: nothing is synced to disk. */
  durable: boolean;
  /** Whether programs that die are started again. */
  restart: boolean;
  /** Settings of the person who started us, handed on to the service whose prefix they carry. */
  env: Environment;
  /** Settings for every service that knows them, for instance SALLYPORT_OIDC_ISSUERS. */
  common: Environment;
  /** Settings for single services. */
  services: Partial<Record<ServiceName, Environment>>;
  agentTopics: { name: string; principal: string }[];
  tell?: (news: News) => void;
}

const gateId = 'gate.demo.example';
const database = 'postgres';

/** A whole gate on this machine: Kafka, PostgreSQL, a second PostgreSQL as target, and each service as a process. */
export class World {
  readonly kafka: EmbeddedKafka;
  readonly postgres: EmbeddedPostgres;
  readonly target: EmbeddedPostgres;
  readonly files: GateFiles;
  private readonly supervisor: Supervisor;

  constructor(readonly options: WorldOptions) {
    const { dir, ports, durable } = options;
    this.supervisor = new Supervisor(options.tell);
    this.files = new GateFiles(join(dir, 'secrets'));
    this.kafka = new EmbeddedKafka({
      dir: join(dir, 'kafka'),
      port: ports.kafka,
      controllerPort: ports.kafka_controller,
      logFile: this.logFile('kafka'),
    });
    const server = (name: 'postgres' | 'target_postgres'): EmbeddedPostgres =>
      new EmbeddedPostgres({
        dir: join(dir, name),
        port: ports[name],
        password: durable ? this.files.password(name) : 'throw-away',
        logFile: this.logFile(name),
        durable,
      });
    this.postgres = server('postgres');
    this.target = server('target_postgres');
  }

  get brokers(): string {
    return this.options.external.brokers ?? this.kafka.brokers;
  }

  /** As a role that may create roles and schemas. */
  get adminUrl(): string {
    return this.options.external.databaseUrl ?? this.postgres.url(database);
  }

  serviceUrl(service: ServiceName): string {
    return `http://127.0.0.1:${String(this.options.ports[service])}`;
  }

  logFile(name: string): string {
    return join(this.options.dir, 'logs', `${name}.log`);
  }

  /** Every port that this world listens on, apart from those of added programs. */
  usedPorts(): PortName[] {
    const { brokers, databaseUrl } = this.options.external;
    const kafka: PortName[] = brokers === undefined ? ['kafka', 'kafka_controller'] : [];
    const postgres: PortName[] = databaseUrl === undefined ? ['postgres'] : [];
    return [...serviceNames, ...kafka, ...postgres, 'target_postgres'];
  }

  /**
   * Kafka, both PostgreSQL servers, the gate's keys, schemas and topics: what services need to be there.
   *
   * @param alsoUsed Ports that added programs will listen on.
   * @throws PortError before anything is started.
   */
  async startParts(alsoUsed: PortName[] = []): Promise<void> {
    await refuseTakenPorts(this.options.ports, [...this.usedPorts(), ...alsoUsed]);
    this.keepLastLogs();
    this.files.keys(gateId);
    const { brokers, databaseUrl } = this.options.external;
    await Promise.all([
      brokers === undefined ? this.kafka.start().then(() => this.applyTopics()) : this.applyTopics(),
      databaseUrl === undefined ? this.postgres.start().then(() => this.migrate()) : this.migrate(),
      this.target.start(),
    ]);
  }

  /** All services side by side; each is ready when its `/readyz` says so. */
  async startServices(names: readonly ServiceName[] = serviceNames): Promise<void> {
    await Promise.all(names.map((name) => this.startService(name)));
  }

  /** @param env Settings for this life only, such as SALLYPORT_FAULT. */
  async startService(service: ServiceName, env: Environment = {}): Promise<void> {
    await this.supervisor.start(await this.life(service, service, this.options.ports[service], env));
  }

  /** One more instance of a service, on a port of its own. Gives the name to stop it by, and its URL. */
  async startInstance(service: ServiceName, env: Environment = {}): Promise<{ name: string; url: string }> {
    const [port = 0] = await freePorts(1);
    const name = `${service}-${String(port)}`;
    await this.supervisor.start(await this.life(service, name, port, env));
    return { name, url: `http://127.0.0.1:${String(port)}` };
  }

  /** A program beside the services: an identity provider, a mailbox, an agent. */
  async startProgram(program: Supervised): Promise<void> {
    const logFile = program.logFile ?? this.logFile(program.name);
    await this.supervisor.start({ ...program, logFile, env: { ...inherited(this.options.env), ...program.env } });
  }

  stop(name: string): Promise<unknown> {
    return this.supervisor.stop(name);
  }

  kill(name: string): Promise<unknown> {
    return this.supervisor.kill(name);
  }

  process(name: string): ReturnType<Supervisor['process']> {
    return this.supervisor.process(name);
  }

  /** Services first, so that they can still say and commit what they hold. */
  async stopAll(): Promise<void> {
    await this.supervisor.stopAll();
    await Promise.all([this.kafka.stop(), this.postgres.stop(), this.target.stop()]);
  }

  private async life(service: ServiceName, name: string, port: number, env: Environment): Promise<Supervised> {
    const { ports, common, services, restart } = this.options;
    const shared = known(await settingsOf(service), { ...personSettings(ports), ...common });
    const parts = partSettings(ports, this.files)[service];
    // What a person set wins over what we chose, and what a test sets over both.
    const given = { ...parts, ...ownSettings(service, this.options.env), ...services[service], ...env };
    const settings = { ...this.environmentOf(service), ...shared, ...given };
    return serviceProgram({ service, name, port, logFile: this.logFile(name), env: settings, restart });
  }

  private environmentOf(service: ServiceName): Environment {
    const { env, ports } = this.options;
    const keys = this.files.keys(gateId);
    return {
      ...inherited(env),
      SALLYPORT_MODE: 'demo',
      SALLYPORT_GATE_ID: gateId,
      SALLYPORT_LOG_LEVEL: env['SALLYPORT_LOG_LEVEL'],
      SALLYPORT_KAFKA_BROKERS: this.brokers,
      SALLYPORT_DATABASE_URL_FILE: this.files.write(`${service}.database-url`, this.databaseUrl(service)),
      SALLYPORT_TRUST_FILE: keys.trustFile,
      SALLYPORT_KEYS_FILE: keys.keysFile(service),
      ...serviceUrls(ports),
    };
  }

  /** The role that `migrate` made for this service. */
  private databaseUrl(service: ServiceName): string {
    const url = new URL(this.adminUrl);
    url.username = `sallyport_${service}`;
    url.password = this.files.password(service);
    return url.toString();
  }

  private async migrate(): Promise<void> {
    const passwords = serviceNames.map((service): [string, string] => [
      `SALLYPORT_MIGRATE_${service.toUpperCase()}_PASSWORD`,
      this.files.password(service),
    ]);
    await this.job('migrate', { SALLYPORT_MIGRATE_DATABASE_URL: this.adminUrl, ...Object.fromEntries(passwords) });
  }

  private async applyTopics(): Promise<void> {
    await this.job('topics', {
      SALLYPORT_KAFKA_BROKERS: this.brokers,
      SALLYPORT_TOPICS_REPLICATION: '1',
      SALLYPORT_TOPICS_OF_AGENTS: JSON.stringify(this.options.agentTopics),
    });
  }

  private async job(name: string, env: Environment): Promise<void> {
    await this.supervisor.finish({
      name,
      command: [node, '--enable-source-maps', join(root, 'dist', 'tools', 'prepare', `${name}.js`)],
      env: { ...inherited(this.options.env), ...env },
      logFile: this.logFile(name),
    });
  }

  /** The logs of the start before this one are often the interesting ones. */
  private keepLastLogs(): void {
    const logs = join(this.options.dir, 'logs');
    const previous = join(this.options.dir, 'logs.previous');
    if (existsSync(logs)) {
      rmSync(previous, { recursive: true, force: true });
      renameSync(logs, previous);
    }
    mkdirSync(logs, { recursive: true });
  }
}
