import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Stage } from './doors-stage.js';

/**
 * What each command of `sallyport` does for an agent that runs it with something of its own in the place of a sign-in. As with doors: a command
 * that is not here fails `doors.spec.ts`, and so does a line without a command.
 */
export interface CommandLine {
  args: (stage: Stage, folder: string) => string[];
  /** Exit status: 4 is "not signed in, or not allowed". */
  exit: number;
  /** Why it is not 4. */
  because?: string;
}

const why = ['--reason', 'because'];
const denied = (args: CommandLine['args']): CommandLine => ({ args, exit: 4 });

export const commands: Readonly<Record<string, CommandLine>> = {
  'actions show': denied(({ other }) => [other.toVote.actionId]),
  'actions watch': denied(({ other }) => [other.toVote.actionId]),
  'approvals list': denied(() => []),
  'approvals watch': denied(() => []),
  'approvals show': denied(({ other }) => [other.toVote.actionId]),
  'approvals approve': denied(({ own }) => [own.toVote.actionId, ...why]),
  'approvals deny': denied(({ other }) => [other.toVote.actionId, ...why]),
  'approvals ask': denied(({ other }) => [other.toVote.actionId, '--text', 'why']),
  'approvals delegate': denied(({ other }) => [other.toVote.actionId, '--to', 'dana', ...why]),
  'approvals undelegate': denied(({ other }) => [other.toVote.actionId]),
  'approvals withdraw': denied(({ other }) => [other.toWithdraw.actionId, ...why]),
  'approvals stop': denied(({ other }) => [other.toStop.actionId, ...why]),
  'reviews list': denied(() => []),
  'reviews close': denied(({ review }) => [review, '--verdict', 'fit', ...why]),
  apply: denied((_, folder) => ['-f', registering(folder)]),
  get: denied(({ other }) => ['agents', other.agent.id]),
  'agents suspend': denied(({ other }) => [other.agent.id, ...why]),
  'agents resume': denied(({ own }) => [own.agent.id, ...why]),
  'leases list': denied(({ other }) => ['--agent', other.agent.id]),
  'leases show': denied(({ other }) => [other.released.lease.leaseId]),
  'leases end': denied(({ other }) => [other.released.lease.leaseId, ...why]),
  'kill-switch pull': denied(() => ['global', ...why]),
  'kill-switch show': denied(() => []),
  'kill-switch release': denied(({ pull }) => [pull.id, ...why]),
  'security-keys add': denied(() => ['--label', 'x']),
  'security-keys list': denied(() => []),
  'security-keys end': denied(() => ['key']),
  'targets access': denied(() => ['orders-database']),
  'targets strangers': denied(() => []),
  'targets drop-stranger': denied(({ other }) => ['orders-database', other.released.lease.leaseId, ...why]),
  'audit export': denied((_, folder) => [join(folder, 'export')]),
  login: { args: () => [], exit: 3, because: 'signing in takes a person at a browser, and this provider has none' },
  logout: { args: () => [], exit: 0, because: 'it forgets what is on this machine' },
  doctor: { args: () => [], exit: 1, because: 'it finds that nobody is signed in, and changes nothing' },
  'audit verify': { args: (_, folder) => [folder, '--key', 'x'], exit: 1, because: 'it asks no gate' },
  'audit key': {
    args: (_, folder) => ['--trust', join(folder, 'own')],
    exit: 2,
    because: 'it reads a file of public keys, and asks no service',
  },
  'targets install postgres': {
    args: (_, folder) => ['--secret-file', join(folder, 'made')],
    exit: 2,
    because: 'it asks for a superuser’s connection to the target, which no agent has, and no service',
  },
  'targets check postgres': { args: () => [], exit: 2, because: 'it asks for the same' },
  ...Object.fromEntries(
    [['list'], ['add', 'verdict'], ['use', 'x'], ['retire', 'x'], ['remove', 'x']].map(([step = '', ...rest]) => [
      `keys ${step}`,
      {
        args: (_, folder) => [...rest, '--keys', join(folder, 'own'), '--trust', join(folder, 'own')],
        exit: 2,
        because: 'it changes files that only whoever runs the gate can read, and asks no service',
      } satisfies CommandLine,
    ]),
  ),
  'topics apply': {
    args: ({ gate }) => ['--brokers', gate.brokers.join(','), '--replication', '1'],
    exit: 0,
    because: 'it asks Kafka, whose ACLs decide, and no service',
  },
};

/** The names of all commands that do something, as they are typed. */
export function namesOf(program: Command): string[] {
  const below = (command: Command, prefix: string): string[] =>
    command.commands.flatMap((one) =>
      one.commands.length === 0 ? [prefix + one.name()] : below(one, `${prefix}${one.name()} `),
    );
  return below(program, '');
}

/** It would make the agent's owner one of those who decide. */
function registering(folder: string): string {
  const file = join(folder, 'finance.yaml');
  writeFileSync(
    file,
    'kind: groups\nid: finance\nspec: { members: [olga], channel: { mail: finance@shop.example } }\n',
  );
  return file;
}
