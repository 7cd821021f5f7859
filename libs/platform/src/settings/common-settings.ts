import { z } from 'zod';
import { logLevels, type LogLevel } from '../log/log.js';
import { readFaultSpec } from '../fault-points.js';
import { KafkaSettings, kafkaSettings } from './kafka-settings.js';
import { demoDefault, demoOnly, ownedBy, secret, type Environment } from './marks.js';
import { defaultPorts, serviceNames, type ServiceName } from './service-names.js';

export type PortName<N extends ServiceName> = `SALLYPORT_${Uppercase<N>}_PORT`;
type UrlName<N extends ServiceName> = `SALLYPORT_${Uppercase<N>}_URL`;
export type ServiceUrls = Readonly<Record<UrlName<ServiceName>, string>>;

/** What every service's settings contain; also the name under which libraries have them injected. */
export abstract class CommonSettings extends KafkaSettings {
  abstract readonly SALLYPORT_GATE_ID: string;
  abstract readonly SALLYPORT_MODE: 'demo' | 'production';
  abstract readonly SALLYPORT_HTTP_HOST: string;
  abstract readonly SALLYPORT_DATABASE_URL: string;
  abstract readonly SALLYPORT_DATABASE_POOL: number;
  abstract readonly SALLYPORT_TRUST_FILE: string;
  abstract readonly SALLYPORT_KEYS_FILE: string;
  abstract readonly SALLYPORT_LOG_LEVEL: LogLevel;
  abstract readonly SALLYPORT_FAULT?: string | undefined;
  abstract readonly SALLYPORT_INTAKE_URL: string;
  abstract readonly SALLYPORT_POLICY_URL: string;
  abstract readonly SALLYPORT_APPROVALS_URL: string;
  abstract readonly SALLYPORT_CREDENTIALS_URL: string;
  abstract readonly SALLYPORT_NOTIFIER_URL: string;
  abstract readonly SALLYPORT_AUDIT_URL: string;
  abstract readonly SALLYPORT_REGISTRY_URL: string;
}

const port = z.coerce.number().int().min(1).max(65_535);

/** An http(s) origin, or one with a path prefix; without the slash at its end, so that `${url}/v1/…` is right. A fresh schema each time: marks belong to one setting. */
const serviceUrl = () => z.url({ protocol: /^https?$/u }).transform((url) => url.replace(/\/+$/u, ''));

type UrlSettings = Record<UrlName<ServiceName>, ReturnType<typeof serviceUrl>>;

export function portName<N extends ServiceName>(service: N): PortName<N> {
  return `SALLYPORT_${service.toUpperCase() as Uppercase<N>}_PORT`;
}

export function urlName<N extends ServiceName>(service: N): UrlName<N> {
  return `SALLYPORT_${service.toUpperCase() as Uppercase<N>}_URL`;
}

/** The shape to spread into a service's own `z.object({...})`. */
export function commonSettings<N extends ServiceName>(service: N) {
  return { ...shared, ...urls(), ...ownPort(service) };
}

const shared = {
  SALLYPORT_MODE: z
    .enum(['demo', 'production'])
    .default('production')
    .describe('`demo` brings well-known secrets and listens on loopback only; anything real is `production`'),
  SALLYPORT_GATE_ID: demoDefault(
    z.string().regex(/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/u, 'expected a host-like name in lower case'),
    'gate.demo.example',
  ).describe('Name of this installation: part of every signature, token and log origin; never changes'),
  SALLYPORT_HTTP_HOST: z.string().default('127.0.0.1').describe('Address that the HTTP server listens on'),
  SALLYPORT_DATABASE_URL: secret(z.url({ protocol: /^postgres(ql)?$/u })).describe(
    "PostgreSQL, with this service's own role and password",
  ),
  SALLYPORT_DATABASE_POOL: z.coerce
    .number()
    .int()
    .min(3)
    .max(100)
    .default(8)
    .describe('Most database connections that one process of the service opens'),
  ...kafkaSettings,
  SALLYPORT_TRUST_FILE: z.string().describe('File with the public keys of all services of this gate'),
  SALLYPORT_KEYS_FILE: z.string().describe("File with this service's private keys, readable by it alone"),
  SALLYPORT_LOG_LEVEL: z.enum(logLevels).default('info').describe('Least important log lines that are written'),
  SALLYPORT_FAULT: demoOnly(
    z
      .string()
      .refine(
        (spec) => readFaultSpec(spec) !== undefined,
        'expected a known point and a pass, as in `in-transaction:3`',
      )
      .optional(),
  ).describe('For fault tests: the process kills itself at the n-th pass of a named point, as `point:n`'),
};

function urls(): UrlSettings {
  return Object.fromEntries(serviceNames.map((service) => [urlName(service), urlSetting(service)])) as UrlSettings;
}

/** In a demo the address follows the port that was chosen. */
function urlSetting(service: ServiceName): ReturnType<typeof serviceUrl> {
  const fromPort = (env: Environment): string =>
    `http://127.0.0.1:${env[portName(service)] ?? String(defaultPorts[service])}`;
  return demoDefault(serviceUrl(), fromPort).describe(
    `Public address of ${service}, as agents, people and the other services call it`,
  );
}

function ownPort<N extends ServiceName>(service: N): { [P in PortName<N>]: z.ZodDefault<typeof port> } {
  const setting = ownedBy(port.default(defaultPorts[service]), service).describe(`Port that ${service} listens on`);
  return { [portName(service)]: setting } as { [P in PortName<N>]: z.ZodDefault<typeof port> };
}
