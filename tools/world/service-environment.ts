import type { ServiceName } from '#platform';
import { partSettings, personSettings } from './embedded-settings.js';
import type { GateFiles } from './gate-files.js';
import { inherited, ownSettings, serviceUrls, type Environment } from './service-program.js';
import { known, settingsOf } from './service-settings.js';
import type { WorldOptions } from './world-options.js';

/** The name of every embedded gate; its keys and all that they sign carry it. */
export const gateId = 'gate.demo.example';

export interface Surroundings {
  options: WorldOptions;
  files: GateFiles;
  brokers: string;
  adminUrl: string;
}

/** Everything that a service reads. What a person set wins over what we chose, and what a test sets over both. */
export async function environmentOf(service: ServiceName, around: Surroundings): Promise<Environment> {
  const { options, files } = around;
  const shared = known(await settingsOf(service), { ...personSettings(options.ports), ...options.common });
  const parts = partSettings(options.ports, files)[service];
  const given = { ...parts, ...ownSettings(service, options.env), ...options.services[service] };
  return { ...alwaysSet(service, around), ...shared, ...given };
}

function alwaysSet(service: ServiceName, { options, files, brokers, adminUrl }: Surroundings): Environment {
  const keys = files.keys(gateId);
  const databaseUrl = urlOfRole(service, adminUrl, files.password(service));
  return {
    ...inherited(options.env),
    SALLYPORT_MODE: 'demo',
    SALLYPORT_GATE_ID: gateId,
    SALLYPORT_LOG_LEVEL: options.env['SALLYPORT_LOG_LEVEL'],
    SALLYPORT_KAFKA_BROKERS: brokers,
    SALLYPORT_DATABASE_URL_FILE: files.write(`${service}.database-url`, databaseUrl),
    SALLYPORT_TRUST_FILE: keys.trustFile,
    SALLYPORT_KEYS_FILE: keys.keysFile(service),
    ...serviceUrls(options.ports),
  };
}

/** The same database as the role that `migrate` made for this service. */
function urlOfRole(service: ServiceName, adminUrl: string, password: string): string {
  const url = new URL(adminUrl);
  url.username = `sallyport_${service}`;
  url.password = password;
  return url.toString();
}
