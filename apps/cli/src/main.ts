import { Command, CommanderError } from 'commander';
import { safeText } from '#trust';
import { addApprovals, addReviews } from './commands/deciding.js';
import { addAudit } from './commands/auditing.js';
import { addLooking } from './commands/looking.js';
import { addOperating } from './commands/operating.js';
import { addKillSwitch } from './commands/stopping.js';
import { contextOf } from './commands/context.js';
import { exitCodes, exitOf, type ExitCode } from './core/exit-codes.js';
import { Broken } from './core/verify/finding.js';
import { ViewChanged } from './handlers/approvals.js';
import { BadFile } from './handlers/registry.js';
import { Refused, Unreachable } from './io/failures.js';
import { SessionError } from './io/session.js';
import { SettingsMissing } from './io/settings.js';

const program = new Command('sallyport')
  .description('The gate between AI agents and what they must not do alone')
  .option('--json', 'print results as JSON, one a line', false)
  .option('--as <profile>', 'act as another signed-in person of this machine', process.env['SALLYPORT_CLI_PROFILE'] ?? 'default')
  .addHelpText('after', '\nExit status: 0 done, 1 a negative result, 2 wrong use, 3 something does not answer, 4 not allowed, 5 too late.')
  .exitOverride()
  .configureOutput({ outputError: (text, write) => { write(oneLine(text)); } }); // prettier-ignore

const context = contextOf(program);
addLooking(program, context);
addApprovals(program, context);
addReviews(program, context);
addOperating(program, context);
addKillSwitch(program, context);
addAudit(program, context);

// What fails outside of a command's own promise, a full disk or a closed pipe for example, is told like the rest.
process.on('uncaughtException', (error) => {
  const isReaderGone = 'code' in error && error.code === 'EPIPE';
  process.exit(isReaderGone ? exitCodes.ok : explain(error));
});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = explain(error);
}

/** Every failure in one line that says what to do, never a stack. */
function explain(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  const [code, text] = wordsOf(error);
  process.stderr.write(oneLine(text));
  return code;
}

function oneLine(text: string): string {
  return `${safeText(text.trim().replace(/\s*\n\s*/gu, '; '))}\n`;
}

function wordsOf(error: unknown): [ExitCode, string] {
  if (error instanceof Refused) return refusal(error);
  if (error instanceof Unreachable) return [exitCodes.unavailable, error.message];
  if (error instanceof SessionError) return [exitCodes.denied, error.message];
  if (error instanceof ViewChanged) return [exitCodes.negative, error.message];
  if (error instanceof Broken) return [exitCodes.negative, `NOT VERIFIED. ${error.message}`];
  if (error instanceof SettingsMissing || error instanceof BadFile) return [exitCodes.usage, error.message];
  return [exitCodes.unavailable, error instanceof Error ? error.message : 'something failed'];
}

function refusal({ problem, retryAfter }: Refused): [ExitCode, string] {
  const { code, title, todo, why, detail } = problem;
  const more = [why, detail].filter((part) => part !== undefined).join('; ');
  const said = [
    `${code}: ${title}${more === '' ? '' : ` (${more})`}.`,
    todo,
    retryAfter && `Again in ${retryAfter} s.`,
  ];
  return [exitOf(problem), said.filter((part) => part !== undefined && part !== '').join(' ')];
}
