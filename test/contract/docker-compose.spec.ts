import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { loadSettings, serviceNames, type ServiceName } from '#platform';
import { parse } from 'yaml';
import { z } from 'zod';
import { root } from '../../tools/world/place.js';
import { serviceCommand } from '../../tools/world/service-program.js';
import { settingsOf } from '../../tools/world/service-settings.js';
import { scratchFolder } from '../support/scratch.js';

const container = z.object({
  image: z.string(),
  command: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
  secrets: z.array(z.union([z.string(), z.object({ source: z.string(), target: z.string() })])).default([]),
  ports: z.array(z.string()).default([]),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
});
const file = z.object({
  services: z.record(z.string(), container),
  secrets: z.record(z.string(), z.object({ file: z.string() })),
});
const { services, secrets } = file.parse(
  parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), { merge: true }),
);

const scratch = scratchFolder('compose');
afterAll(() => {
  scratch.remove();
});

/** As docker compose fills in `${NAME:?words}` from the env file. */
const given: Record<string, string> = {
  SALLYPORT_GATE_ID: 'gate.compose.example',
  SALLYPORT_OIDC_ISSUERS: JSON.stringify([{ issuer: 'https://id.example', clients: ['sallyport-cli'] }]),
  SALLYPORT_NOTIFIER_SMTP_URL: 'smtp://user:secret@mail.example:587',
  SALLYPORT_NOTIFIER_MAIL_FROM: 'gate@example.org',
};

/** What the service would see, apart from the file of its database URL, which lies elsewhere here. */
function environmentOf(service: ServiceName): Record<string, string> {
  const urlFile = join(scratch.dir, 'database-url');
  writeFileSync(urlFile, 'postgres://sallyport_x:secret@postgres:5432/sallyport');
  const environment = Object.entries(services[service]?.environment ?? {});
  const filled = environment.map(([name, value]): [string, string] => {
    return [name, String(value).replace(/\$\{(\w+):\?[^}]*\}/gu, (_, variable: string) => given[variable] ?? '')];
  });
  return { ...Object.fromEntries(filled), SALLYPORT_DATABASE_URL_FILE: urlFile };
}

function named(secret: string | { source: string }): string {
  return typeof secret === 'string' ? secret : secret.source;
}

describe.each(serviceNames)('docker-compose.yml: %s', (service) => {
  it('has settings that the service accepts outside of demo mode', async () => {
    const definition = await settingsOf(service);
    expect(() => loadSettings(definition, environmentOf(service))).not.toThrow();
  });

  it('runs on Node with the options it has everywhere else', () => {
    expect(services[service]?.environment.NODE_OPTIONS).toBe(serviceCommand(service).slice(1, -1).join(' '));
  });

  it('runs its own program, after schemas and topics are there', () => {
    expect(services[service]?.command).toEqual(['node', `dist/programs/${service}.js`]);
    expect(services[service]?.depends_on).toEqual({
      migrate: { condition: 'service_completed_successfully' },
      topics: { condition: 'service_completed_successfully' },
    });
  });

  it('gets its own secrets and no others, and is reached from this machine only', () => {
    const own = [`${service}_database_url`, `${service}_keys`];
    expect(services[service]?.secrets.map(named)).toEqual(own);
    expect(services[service]?.ports.every((port) => port.startsWith('127.0.0.1:'))).toBe(true);
  });
});

describe('docker-compose.yml', () => {
  it('declares every secret that a container mounts, and none besides', () => {
    const mounted = new Set(Object.values(services).flatMap((one) => one.secrets.map(named)));
    expect(Object.keys(secrets).sort()).toEqual([...mounted].sort());
  });
});
