import type { ServiceName } from '#platform';
import type { GateFiles } from './gate-files.js';
import type { Ports } from './ports-of-world.js';
import type { Environment } from './service-program.js';

/** The OAuth client that the command line signs in as. */
export const cliClient = 'sallyport-cli';

/** Where the people of an embedded gate sign in. */
export const issuerUrl = (ports: Ports): string => `http://127.0.0.1:${ports.identity}`;

/** For every service that checks who a person is. */
export function personSettings(ports: Ports): Environment {
  return {
    SALLYPORT_OIDC_ISSUERS: JSON.stringify([
      { issuer: issuerUrl(ports), clients: [cliClient], native_clients: [cliClient] },
    ]),
  };
}

/** Where single services find what the embedded gate keeps for them. The folders are made, empty and private. */
export function partSettings(ports: Ports, files: GateFiles): Partial<Record<ServiceName, Environment>> {
  return {
    credentials: { SALLYPORT_CREDENTIALS_SECRETS_DIR: files.folder('targets') },
    notifier: {
      SALLYPORT_NOTIFIER_SMTP_URL: `smtp://127.0.0.1:${ports.smtp}`,
      SALLYPORT_NOTIFIER_SECRETS_DIR: files.folder('channels'),
    },
  };
}
