import { CommanderError } from 'commander';
import { sallyport } from './commands/program.js';
import { exitCodes, exitOf, type ExitCode } from './core/exit-codes.js';
import { oneLine } from './core/say.js';
import { Broken } from './core/verify/finding.js';
import { ViewChanged } from './handlers/approvals.js';
import { Untrue } from './handlers/own-approval.js';
import { BadFile } from './handlers/registry.js';
import { NotConfirmed } from './handlers/security-keys.js';
import { Refused, TargetRefused, Unreachable } from './io/failures.js';
import { SessionError } from './io/session.js';
import { SettingsMissing } from './io/settings.js';

const program = sallyport();

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

function wordsOf(error: unknown): [ExitCode, string] {
  if (error instanceof Refused) return refusal(error);
  if (error instanceof Unreachable) return [exitCodes.unavailable, error.message];
  if (error instanceof SessionError) return [exitCodes.denied, error.message];
  if (error instanceof NotConfirmed) return [exitCodes.expired, error.message];
  if (isNegative(error)) return [exitCodes.negative, error.message];
  if (error instanceof Broken) return [exitCodes.negative, `NOT VERIFIED. ${error.message}`];
  if (error instanceof SettingsMissing || error instanceof BadFile) return [exitCodes.usage, error.message];
  return [exitCodes.unavailable, error instanceof Error ? error.message : 'something failed'];
}

/** Nothing is broken, and nothing was done: the answer is no. */
function isNegative(error: unknown): error is Error {
  return [ViewChanged, Untrue, TargetRefused].some((kind) => error instanceof kind);
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
