/** Every service, with the port that it listens on when nothing else is said. */
export const defaultPorts = {
  intake: 7101,
  policy: 7102,
  approvals: 7103,
  credentials: 7104,
  notifier: 7105,
  audit: 7106,
  registry: 7107,
} as const;

export type ServiceName = keyof typeof defaultPorts;

export const serviceNames = Object.keys(defaultPorts) as ServiceName[];

/**
 * Programs that own names of the form `SALLYPORT_<OWNER>_…`: each refuses its own misspelt names and leaves the others' to them, so that one
 * environment can serve all. `oidc` is what everything that people sign in to reads.
 */
export const settingOwners: readonly string[] = [
  ...serviceNames,
  'console',
  'cli',
  'oidc',
  'migrate',
  'topics',
  'opa',
  'demo',
  'bench',
  'test',
];

export function ownerPrefix(owner: string): string {
  return `SALLYPORT_${owner.toUpperCase()}_`;
}
