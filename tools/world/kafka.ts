import { cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { quietRequestQueue } from '#messaging';
import { Kafka, logLevel } from 'kafkajs';
import { kafkaJava, type KafkaJava } from './kafka-java.js';
import { startLeashed, type Exit, type Leashed } from './leash.js';
import { cacheDir } from './place.js';
import { isOpen } from './ports.js';
import { until } from './until.js';

export interface KafkaPlace extends KafkaJava {
  dir: string;
  port: number;
  controllerPort: number;
  logFile: string;
  /** A second listener, where everybody logs in and may do only what ACLs say. Who comes by the first one may do everything. */
  guarded?: GuardedListener;
}

/** The passwords of who may log in, by name. */
export interface GuardedListener {
  port: number;
  passwords: Readonly<Record<string, string>>;
  /** Of these, who may do everything. */
  administrator: string;
}

const run = promisify(execFile);
const startWithinMs = 90_000;

/** Any 16 bytes in base64url; it only has to be the same in all data folders that are copied from one. */
const clusterId = 'c2FsbHlwb3J0LWdhdGUtMQ';

/**
 * One real Apache Kafka (KRaft, broker and controller in one process) on this machine. Stopping and starting again keeps
 * ports and data.
 */
export class EmbeddedKafka {
  private process: Leashed | undefined;

  constructor(readonly place: KafkaPlace) {}

  get brokers(): string {
    return `127.0.0.1:${String(this.place.port)}`;
  }

  get exited(): Promise<Exit> | undefined {
    return this.process?.exited;
  }

  /** Ready when the broker answers a request, not only when the port is open. */
  async start(): Promise<void> {
    mkdirSync(this.place.dir, { recursive: true });
    const properties = join(this.place.dir, 'server.properties');
    writeFileSync(properties, serverProperties(this.place));
    await formatInto(logsDir(this.place.dir));
    this.process = startLeashed({
      name: 'kafka',
      command: kafkaJava(this.place, 'kafka.Kafka', properties),
      logFile: this.place.logFile,
    });
    await this.answers(this.process);
  }

  async stop(): Promise<void> {
    await this.process?.stop();
  }

  async kill(): Promise<void> {
    await this.process?.kill();
  }

  private async answers(process: Leashed): Promise<void> {
    const wait = {
      what: `Kafka on port ${String(this.place.port)} (log: ${this.place.logFile})`,
      withinMs: startWithinMs,
      hopeless: () => (process.running() ? undefined : 'the process has ended'),
    };
    await until(() => isOpen(this.place.port), wait);
    await until(() => answersRequests(this.brokers), wait);
  }
}

function logsDir(dir: string): string {
  return join(dir, 'logs');
}

/** Formatting takes a JVM start, so it is done once and copied: the folder holds neither ports nor paths. */
async function formatInto(dir: string): Promise<void> {
  if (existsSync(join(dir, 'meta.properties'))) return;
  const formatted = join(cacheDir, 'kafka', 'formatted');
  if (!existsSync(formatted)) await format(formatted);
  cpSync(formatted, dir, { recursive: true });
}

async function format(formatted: string): Promise<void> {
  const scratch = `${formatted}.${String(process.pid)}`;
  mkdirSync(scratch, { recursive: true });
  const properties = join(scratch, 'server.properties');
  writeFileSync(properties, serverProperties({ dir: scratch, port: 7192, controllerPort: 7193, logFile: '' }));
  const tool = ['kafka.tools.StorageTool', 'format', '--standalone', '-t', clusterId, '-c', properties];
  const [java, ...args] = kafkaJava({}, ...tool);
  await run(java, args);
  // Two processes may format at once: the second one's folder is thrown away, the first one's is as good.
  if (!existsSync(formatted)) renameSync(logsDir(scratch), formatted);
  rmSync(scratch, { recursive: true });
}

function serverProperties(place: KafkaPlace): string {
  const listener = `PLAINTEXT://127.0.0.1:${String(place.port)}`;
  const controller = `127.0.0.1:${String(place.controllerPort)}`;
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': '1',
    listeners: `${listener},CONTROLLER://${controller}`,
    'advertised.listeners': listener,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.quorum.bootstrap.servers': controller,
    'log.dirs': logsDir(place.dir),
    ...singleNode,
    ...(place.guarded && guarding(place.guarded, listener, controller)),
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

function guarding({ port, passwords, administrator }: GuardedListener, open: string, controller: string) {
  const users = Object.entries(passwords).map(([name, password]) => `user_${name}="${password}"`);
  const guarded = `GUARDED://127.0.0.1:${String(port)}`;
  return {
    listeners: `${open},${guarded},CONTROLLER://${controller}`,
    'advertised.listeners': `${open},${guarded}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,GUARDED:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT',
    'listener.name.guarded.sasl.enabled.mechanisms': 'PLAIN',
    'listener.name.guarded.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required ${users.join(' ')};`,
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': `User:ANONYMOUS;User:${administrator}`,
  };
}

/** One broker cannot replicate; a consumer group must not wait three seconds for members that never come. */
const singleNode = {
  'offsets.topic.replication.factor': '1',
  'offsets.topic.num.partitions': '4',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'transaction.state.log.num.partitions': '2',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
  'group.initial.rebalance.delay.ms': '0',
  'auto.create.topics.enable': 'false',
  'num.network.threads': '2',
  'num.io.threads': '2',
  'log.segment.bytes': '16777216',
  // After a kill the broker may register again only when its old session is over; by default that takes 9 s.
  'broker.session.timeout.ms': '4000',
  'broker.heartbeat.interval.ms': '1000',
};

async function answersRequests(brokers: string): Promise<boolean> {
  quietRequestQueue();
  const client = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING, retry: { retries: 0 } });
  const admin = client.admin();
  try {
    await admin.connect();
    const cluster = await admin.describeCluster();
    return cluster.brokers.length > 0 && cluster.controller !== null;
  } catch {
    return false;
  } finally {
    await admin.disconnect();
  }
}
