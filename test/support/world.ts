import { join } from 'node:path';
import type { ServiceName } from '#platform';
import { freePortsOfWorld, type Ports } from '../../tools/world/ports-of-world.js';
import type { Environment } from '../../tools/world/service-program.js';
import { World } from '../../tools/world/world.js';
import { scratchFolder } from './scratch.js';

export interface TestWorldOptions {
  /** Settings for every service that knows them, such as SALLYPORT_OIDC_ISSUERS of a spec's own issuer. */
  common?: Environment;
  services?: Partial<Record<ServiceName, Environment>>;
  agentTopics?: { name: string; principal: string }[];
}

/** The same parts as `npm start`, on free ports, in a folder of its own, without the demo's people and programs. */
export interface TestWorld {
  world: World;
  ports: Ports;
  /** Its data, keys and logs, for specs that look for what must not be there. */
  dir: string;
  /** For `afterAll`: ends everything and removes the folder. */
  remove(): Promise<void>;
}

/**
 * Kafka, both PostgreSQL servers, keys, schemas and topics; no service yet: `world.startServices()` starts all, and
 * `world.startService(name, env)` one. Nothing is started again by itself. The services run from `dist`, so build first;
 * `npm test` has. Call it in `beforeAll` with a time-out of two minutes.
 */
export async function startWorld(options: TestWorldOptions = {}): Promise<TestWorld> {
  const scratch = scratchFolder('world');
  const ports = await freePortsOfWorld();
  const world = new World({
    dir: join(scratch.dir, 'world'),
    ports,
    external: {},
    durable: false,
    restart: false,
    env: process.env,
    common: options.common ?? {},
    services: options.services ?? {},
    agentTopics: options.agentTopics ?? [],
  });
  const remove = async (): Promise<void> => {
    await world.killAll();
    scratch.remove();
  };
  try {
    await world.startParts();
  } catch (error) {
    await remove();
    throw error;
  }
  return { world, ports, dir: join(scratch.dir, 'world'), remove };
}
