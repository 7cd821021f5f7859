import { freePorts, isTaken } from './ports.js';

/** Default ports on loopback; each is the setting `SALLYPORT_<NAME>_PORT`, as in `SALLYPORT_TARGET_POSTGRES_PORT`. */
export const defaultPorts = {
  console: 7100,
  intake: 7101,
  policy: 7102,
  approvals: 7103,
  credentials: 7104,
  notifier: 7105,
  audit: 7106,
  registry: 7107,
  identity: 7110,
  mailbox: 7111,
  tool: 7112,
  webhook: 7113,
  smtp: 7114,
  postgres: 7132,
  target_postgres: 7133,
  kafka: 7192,
  kafka_controller: 7193,
} as const;

export type PortName = keyof typeof defaultPorts;
export type Ports = Record<PortName, number>;

/** All of them, in the order of the list above. */
export const portNames = Object.keys(defaultPorts).filter((name): name is PortName => name in defaultPorts);

export function portSetting(name: PortName): string {
  return `SALLYPORT_${name.toUpperCase()}_PORT`;
}

/** Out of settings that hold a number for each port. Errors: all pairs of parts that share one, at once. */
export function portsFrom(settings: Readonly<Record<string, unknown>>): Ports {
  const ports: Ports = { ...defaultPorts };
  for (const name of portNames) ports[name] = Number(settings[portSetting(name)]);
  const twice = shared(ports);
  if (twice.length > 0) throw new PortError(twice);
  return ports;
}

function shared(ports: Ports): string[] {
  return portNames.flatMap((name, index) => {
    const other = portNames.slice(0, index).find((earlier) => ports[earlier] === ports[name]);
    if (other === undefined) return [];
    return [`${portSetting(other)} and ${portSetting(name)} are both ${String(ports[name])}.`];
  });
}

/** Ports that nobody uses now, for tests. */
export async function freePortsOfWorld(): Promise<Ports> {
  const free = await freePorts(portNames.length);
  const ports: Ports = { ...defaultPorts };
  portNames.forEach((name, index) => {
    ports[name] = free[index] ?? ports[name];
  });
  return ports;
}

/** Before anything starts: the parts that will listen must be able to. Errors: all ports that are taken, with settings. */
export async function refuseTakenPorts(ports: Ports, used: PortName[]): Promise<void> {
  const taken = await Promise.all(used.map(async (name) => ((await isTaken(ports[name])) ? [name] : [])));
  const lines = taken
    .flat()
    .map((name) => `Port ${String(ports[name])} (${name}) is taken. Free it, or set ${portSetting(name)} to another.`);
  if (lines.length > 0) throw new PortError(lines);
}

/** Told to a person line by line, without a stack. */
export class PortError extends Error {
  constructor(readonly lines: string[]) {
    super(lines.join('\n'));
    this.name = 'PortError';
  }
}
