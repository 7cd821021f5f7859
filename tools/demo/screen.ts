import { join } from 'node:path';
import { serviceNames } from '#platform';
import { safeText } from '#sdk';
import { dataDir } from '../world/place.js';
import type { PortName } from '../world/ports-of-world.js';
import type { World } from '../world/world.js';
import type { Filed } from './file-requests.js';
import type { Stage } from './stage.js';

const column = 18;

/** What runs where, who the people are, what waits, and how to decide it. */
export function screen({ options }: World, stage: Stage, filed: readonly Filed[]): string {
  const { dir, ports } = options;
  const at = (name: string, port: PortName): string => `  ${name.padEnd(column)}127.0.0.1:${ports[port]}`;
  const where = dir === dataDir ? '' : `SALLYPORT_CLI_CONFIG=${join(dir, 'cli.json')} `;
  const cli = (words: string): string => `    ${where}node bin/sallyport.mjs ${words}`;
  return [
    '',
    'Sallyport runs.',
    '',
    ...serviceNames.map((name) => at(name, name)),
    at('Kafka', 'kafka'),
    at('PostgreSQL', 'postgres'),
    at('demo target', 'target_postgres'),
    at('identity', 'identity'),
    `${at('mailbox', 'mailbox')}  (a page)`,
    at('tools', 'tool'),
    at('webhook receiver', 'webhook'),
    '',
    'People (each signs in with the password below)',
    ...people.map(([group, names]) => `  ${group.padEnd(column)}${names}`),
    `  ${'password'.padEnd(column)}${stage.password}`,
    '',
    'Waiting for a decision',
    ...filed.flatMap((request) => ['', ...decide(request, cli)]),
    '',
    `  ${'data and logs'.padEnd(column)}${dir}`,
    `  ${'Ctrl-C'.padEnd(column)}stops everything`,
    '',
  ].join('\n');
}

/** As in demo/registry/gate.yaml. */
const people = [
  ['dba', 'dana, dimitri'],
  ['security', 'sara, sven'],
  ['finance', 'fiona (up to 5,000 EUR), felix (up to 100 EUR)'],
  ['finance-directors', 'greta, gustav'],
  ['soc-lead', 'sam, sonia'],
  ['registrars', 'rita'],
  ['security-officers', 'sara, sven'],
  ['auditors', 'aldo'],
  ['owns the agents', 'olga'],
] as const;

function decide({ actionId, agent, decider, headline, confirmations }: Filed, cli: (words: string) => string): string[] {
  const confirm = confirmations.map((id) => ` --confirm ${id}`).join('');
  return [
    `  ${agent}: ${safeText(headline)}`,
    cli(`--as ${decider} login`),
    cli(`--as ${decider} approvals show ${actionId}`),
    cli(`--as ${decider} approvals approve ${actionId}${confirm} --reason "I have looked"`),
  ];
} // prettier-ignore
