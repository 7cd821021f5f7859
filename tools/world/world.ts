import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { serviceNames, type ServiceName } from '#platform';
import { GateFiles } from './gate-files.js';
import { EmbeddedKafka } from './kafka.js';
import { freePorts } from './ports.js';
import { refuseTakenPorts, type PortName } from './ports-of-world.js';
import { EmbeddedPostgres } from './postgres.js';
import { environmentOf, gateId } from './service-environment.js';
import { builtProgram, inherited, node, serviceProgram, type Environment } from './service-program.js';
import { Supervisor, type Supervised } from './supervisor.js';
import type { WorldOptions } from './world-options.js';

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
      brief: !durable,
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

  /** At once, in no order: for worlds whose data is thrown away. */
  async killAll(): Promise<void> {
    await Promise.all([this.supervisor.killAll(), this.kafka.kill(), this.postgres.kill(), this.target.kill()]);
  }

  private async life(service: ServiceName, name: string, port: number, env: Environment): Promise<Supervised> {
    const { options, files, brokers, adminUrl } = this;
    const settings = await environmentOf(service, { options, files, brokers, adminUrl });
    const { restart } = options;
    return serviceProgram({ service, name, port, logFile: this.logFile(name), env: { ...settings, ...env }, restart });
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
      command: [node, builtProgram(name)],
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
