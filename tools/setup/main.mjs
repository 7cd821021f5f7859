import { constants } from 'node:os';
import { SetUpFailed } from './set-up.mjs';
import { killAll, stopAll } from './run.mjs';

const endings = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/** One Ctrl-C arrives twice: from the terminal, and from npm, which passes it on. */
const sameKeyMs = 1000;

/**
 * Runs a script's work. A signal first ends everything that it started, in order; a second one ends it at once; a failed set-up is told without a stack.
 *
 * @param {() => Promise<number>} work Gives the exit code.
 */
export async function main(work) {
  let askedAt;
  for (const signal of endings) {
    process.on(signal, () => {
      if (askedAt !== undefined && performance.now() - askedAt < sameKeyMs) return;
      const how = askedAt === undefined ? stopAll() : killAll();
      askedAt ??= performance.now();
      void how.then(() => process.exit(128 + constants.signals[signal]));
    });
  }
  endWithNpm();
  try {
    process.exitCode = await work();
  } catch (error) {
    if (!(error instanceof SetUpFailed)) throw error;
    process.stderr.write(`\n${error.message}\n`);
    process.exitCode = 1;
  }
}

/** Under `npm run`, a killed npm leaves us behind with nobody who could press Ctrl-C. Our parent is npm itself: the scripts say `exec`. */
function endWithNpm() {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) void stopAll().then(() => process.exit(1));
  }, 500).unref();
}
