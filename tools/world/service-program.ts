import { join } from 'node:path';
import { portName, serviceNames, urlName, type ServiceName } from '#platform';
import { root } from './place.js';
import type { Words } from './leash.js';
import type { Supervised } from './supervisor.js';

export type Environment = Record<string, string | undefined>;

/** The pinned Node; we ourselves may have been started by another. */
export const node = join(root, 'node_modules', '.bin', 'node');

/** What every program of the world may see of our own environment: nothing of ours that is a setting or belongs to a test run. */
export function inherited(env: Environment): Environment {
  const foreign = Object.entries(env).filter(([name]) => !/^(?:SALLYPORT_|NODE_|npm_|JEST_|TEST_)/u.test(name));
  return { ...Object.fromEntries(foreign), NODE_COMPILE_CACHE: join(root, '.cache', 'node') };
}

export interface ServiceLife {
  service: ServiceName;
  /** Unique among all programs; the service's own name for its first instance. */
  name: string;
  port: number;
  logFile: string;
  env: Environment;
  restart: boolean;
}

/** Node's default (32 MB a half) lets each service grow by 25 MB of garbage that nobody has looked at yet. */
const youngGeneration = '--max-semi-space-size=16';

/** One file each: `tools/bundle.mjs`. */
export const builtProgram = (name: string): string => join(root, 'dist', 'programs', `${name}.js`);

/** How a service is started, wherever it runs on Node of its own: `docker-compose.yml` says the same by `NODE_OPTIONS`. */
export const serviceCommand = (service: ServiceName): Words => [node, youngGeneration, builtProgram(service)];

/** A service as a program: ready when `/readyz` says so. */
export function serviceProgram({ service, name, port, logFile, env, restart }: ServiceLife): Supervised {
  return {
    name,
    command: serviceCommand(service),
    cwd: root,
    env: { ...env, [portName(service)]: String(port) },
    readyUrl: `http://127.0.0.1:${String(port)}/readyz`,
    logFile,
    restart,
  };
}

/** Where each service is found, as settings. */
export function serviceUrls(ports: Record<ServiceName, number>): Environment {
  return Object.fromEntries(serviceNames.map((name) => [urlName(name), `http://127.0.0.1:${String(ports[name])}`]));
}

/** Settings that a person gave and that this service knows by its own prefix. */
export function ownSettings(service: ServiceName, env: Environment): Environment {
  const prefix = `SALLYPORT_${service.toUpperCase()}_`;
  const reserved = new Set([portName(service), urlName(service)].map(String));
  const own = Object.entries(env).filter(([name]) => name.startsWith(prefix) && !reserved.has(name));
  return Object.fromEntries(own);
}
