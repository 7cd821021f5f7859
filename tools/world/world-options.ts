import type { ServiceName } from '#platform';
import type { Ports } from './ports-of-world.js';
import type { Environment } from './service-program.js';
import type { News } from './supervisor.js';

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
