import { InvalidArgumentError, Option, type Command } from 'commander';
import { leaseState } from '#contracts';
import { endLease, listLeases, showOneLease, type ListOptions } from '../handlers/leases.js';
import { apply, get, setAgentState } from '../handlers/registry.js';
import type { TopicsOptions } from '../handlers/topics.js';
import type { Context } from './context.js';
import { whole } from './deciding.js';

const collect = (value: string, before: string[]): string[] => [...before, value];

function collectStates(value: string, before: string[] = []): string[] {
  if (leaseState.safeParse(value).success) return collect(value, before);
  throw new InvalidArgumentError(`one of ${leaseState.options.join(', ')}`);
}

export function addOperating(program: Command, { gate, output }: Context): void {
  program
    .command('apply')
    .description('register everything in a YAML file')
    .requiredOption('-f, --file <file>', 'documents of {kind, id, spec}')
    .action((options: { file: string }) => apply(gate(), output(), options.file));
  program
    .command('get <kind> [id]')
    .description('read what is registered')
    .action((kind: string, id: string | undefined) => get(gate(), output(), { kind, id }));
  const agents = program.command('agents').description('stop and resume agents');
  for (const how of ['suspend', 'resume'] as const) {
    agents
      .command(`${how} <agent>`)
      .description(how === 'suspend' ? 'end what it holds and release nothing more' : 'let it ask again')
      .requiredOption('--reason <text>', 'why')
      .action((id: string, options: { reason: string }) =>
        setAgentState(gate(), output(), { id, how, reason: options.reason }),
      );
  }
  addTopics(program, output);
}

export function addLeases(program: Command, { gate, output }: Context): void {
  const leases = program.command('leases').description('see and end access');
  leases
    .command('list')
    .description('newest first: those that your groups decided, all for overseers')
    .option('--state <state>', 'only in this state; once for each', collectStates)
    .option('--agent <agent>', 'only of this agent')
    .option('--cursor <lease>', 'those older than this one')
    .action((options: ListOptions) => listLeases(gate(), output(), options));
  leases
    .command('show <lease>')
    .description('where a lease stands, and what can be done about it')
    .action((id: string) => showOneLease(gate(), output(), id));
  leases
    .command('end <lease>')
    .description('end a lease now, whatever else is down')
    .requiredOption('--reason <text>', 'why')
    .action((id: string, options: { reason: string }) => endLease(gate(), output(), { id, reason: options.reason }));
}

function addTopics(program: Command, output: Context['output']): void {
  program
    .command('topics')
    .description('the topics of Kafka')
    .command('apply')
    .description('make and configure all topics; safe to run again')
    .addOption(
      new Option('--brokers <list>', 'host:port, separated by commas')
        .env('SALLYPORT_KAFKA_BROKERS')
        .makeOptionMandatory(),
    )
    .option('--partitions <count>', 'partitions of each lifecycle topic; cannot be changed later', whole, 6)
    .option('--replication <count>', 'copies of each record', whole, 3)
    .option('--acls', 'also say who may write and read; log in with SALLYPORT_KAFKA_LOGIN or its _FILE', false)
    .option(
      '--agent <name=principal>',
      'an outcome topic of its own, for this Kafka principal (User:…); once for each',
      collect,
      [],
    )
    .action(async (options: TopicsOptions) => {
      // Loaded here only: a Kafka client is slow to load, and no other command needs one.
      const { applyTopics } = await import('../handlers/topics.js');
      await applyTopics(output(), options);
    });
}
