import { join } from 'node:path';
import { EmbeddedKafka, type GuardedListener } from '../../tools/world/kafka.js';
import { freePorts } from '../../tools/world/ports.js';
import { scratchFolder } from './scratch.js';

/** A real Kafka of one spec file's own: topic names are fixed, so sharing one would let specs hear each other. */
export interface TestKafka {
  /** `host:port`, as in SALLYPORT_KAFKA_BROKERS. */
  brokers: string;
  /** The same where everybody logs in and ACLs hold; only if it was started so. */
  guardedBrokers: string;
  /** Its data, for specs that look for what must not be there. */
  dir: string;
  logFile: string;
  /** Breaks it without warning; `start` brings it back with the same ports and data. */
  kill(): Promise<void>;
  /** Takes it down in order; `start` brings it back. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** For `afterAll`: ends it and removes its folder. */
  remove(): Promise<void>;
}

/** Who may log in at the guarded listener, and who of them may do everything. */
export type Logins = Omit<GuardedListener, 'port'>;

/** Takes about 2 s and 350 MB. With `logins` it has a second listener, where ACLs hold. Call it in `beforeAll` with a time-out of 60 s, `remove` in `afterAll`. */
export async function startKafka(logins?: Logins): Promise<TestKafka> {
  const scratch = scratchFolder('kafka');
  const [port = 0, controllerPort = 0, guardedPort = 0] = await freePorts(3);
  const logFile = join(scratch.dir, 'kafka.log');
  const guarded = logins && { ...logins, port: guardedPort };
  const kafka = new EmbeddedKafka({
    dir: scratch.dir,
    port,
    controllerPort,
    logFile,
    brief: true,
    ...(guarded && { guarded }),
  });
  const remove = async (): Promise<void> => {
    await kafka.kill();
    scratch.remove();
  };
  try {
    await kafka.start();
  } catch (error) {
    await kafka.kill();
    throw error;
  }
  return {
    brokers: kafka.brokers,
    guardedBrokers: `127.0.0.1:${String(guardedPort)}`,
    dir: scratch.dir,
    logFile,
    kill: () => kafka.kill(),
    stop: () => kafka.stop(),
    start: () => kafka.start(),
    remove,
  };
}
