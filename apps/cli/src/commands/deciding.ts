import { InvalidArgumentError, Option, type Command } from 'commander';
import {
  listApprovals,
  show,
  takeBack,
  vote,
  type ListOptions,
  type ShowOptions,
  type VoteOptions,
} from '../handlers/approvals.js';
import { askAgent } from '../handlers/questions.js';
import { delegateSeat, takeSeatBack, type DelegateOptions } from '../handlers/seats.js';
import { watchApprovals } from '../handlers/watch-approvals.js';
import { closeReview, listReviews } from '../handlers/reviews.js';
import type { Context } from './context.js';

const reason = '--reason <text>';
const view = ['--view <view>', 'the view that you saw; when it has changed nothing is decided'] as const;
const collect = (value: string, before: string[] = []): string[] => [...before, value];

export function whole(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) throw new InvalidArgumentError('a whole number above 0');
  return number;
}

function instantOf(text: string): string {
  const at = new Date(text);
  if (!/^\d{4}-\d\d-\d\dT/u.test(text) || Number.isNaN(at.getTime())) {
    throw new InvalidArgumentError('a time such as 2027-01-15T18:00:00Z');
  }
  return at.toISOString();
}

export function addApprovals(program: Command, context: Context): void {
  const { gate, output, session } = context;
  const approvals = program.command('approvals').description('decide what waits for people');
  approvals
    .command('list')
    .description('what waits for you, most urgent first')
    .option('--all', 'and what your groups have any other say in: later stages, vetoes, what you voted on')
    .option('--like <action>', 'each of those that look like this one, on a line of its own')
    .action((options: ListOptions) => listApprovals(gate(), output(), options));
  approvals
    .command('watch')
    .description('what waits for you, as it comes and goes')
    .action(() => watchApprovals(gate(), output()));
  approvals
    .command('show <action>')
    .description('everything to decide on, on one screen')
    .option('--value <property>', 'all of a property that is too long for the screen')
    .action((id: string, options: ShowOptions) => show(gate(), output(), id, options));
  approvals
    .command('approve <action>')
    .description('approve what was shown, confirming every point')
    .option('--confirm <point>', 'a point that you have checked; once for each', collect)
    .requiredOption(reason, 'why')
    .option(...view)
    .option('--stage <number>', 'the stage in which you decide, where all are open at once', whole)
    .option('--ttl <seconds>', 'grant for a shorter time', whole)
    .option('--uses <count>', 'grant fewer uses', whole)
    .action((id: string, options: VoteOptions) =>
      vote({ gate: gate(), session: session() }, output(), { id, decision: 'approve', options }),
    );
  approvals
    .command('deny <action>')
    .description('deny; that is final')
    .requiredOption(reason, 'why')
    .option(...view)
    .action((id: string, options: VoteOptions) =>
      vote({ gate: gate(), session: session() }, output(), { id, decision: 'deny', options }),
    );
  addBeside(approvals, context);
  for (const how of ['withdraw', 'stop'] as const) {
    approvals
      .command(`${how} <action>`)
      .description(how === 'withdraw' ? 'take an approval back' : 'take it back and suspend the agent')
      .requiredOption(reason, 'why')
      .action((id: string, options: { reason: string }) =>
        takeBack(gate(), output(), { id, how, reason: options.reason }),
      );
  }
}

/** Before deciding, or instead. */
function addBeside(approvals: Command, { gate, output, session }: Context): void {
  approvals
    .command('ask <action>')
    .description('ask the agent something before you decide')
    .requiredOption('--text <question>', 'read by the agent; nothing secret')
    .action((id: string, options: { text: string }) => askAgent(gate(), output(), { id, ...options }));
  approvals
    .command('delegate <action>')
    .description('let somebody else decide in your place; they cannot pass it on')
    .requiredOption('--to <person>', 'their id in the registry')
    .requiredOption(reason, 'why')
    .option('--until <time>', 'when it is over by itself; at the latest with the request', instantOf)
    .action((id: string, options: DelegateOptions) =>
      delegateSeat({ gate: gate(), session: session() }, output(), { id, options }),
    );
  approvals
    .command('undelegate <action>')
    .description('have your seat back, while nobody has decided on it')
    .action((id: string) => takeSeatBack(gate(), output(), id));
}

export function addReviews(program: Command, { gate, output }: Context): void {
  const reviews = program.command('reviews').description('look at what an emergency rule released');
  reviews
    .command('list')
    .description('reviews that are due')
    .action(() => listReviews(gate(), output()));
  reviews
    .command('close <review>')
    .description('close a review')
    .addOption(
      new Option('--verdict <verdict>', 'what you found').choices(['fit', 'unfit', 'follow_up']).makeOptionMandatory(),
    )
    .requiredOption(reason, 'why')
    .action((id: string, options: { verdict: string; reason: string }) =>
      closeReview(gate(), output(), { id, ...options }),
    );
}
