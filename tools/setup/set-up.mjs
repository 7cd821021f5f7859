import { alone } from './lock.mjs';
import { inCache } from './place.mjs';
import { Progress } from './progress.mjs';
import { isStopping, lastLines, stopAll } from './run.mjs';
import { steps } from './steps.mjs';

/** What is missing on this machine or went wrong in a step: for a person, without a stack. */
export class SetUpFailed extends Error {}

/**
 * Does what is not yet done, side by side where nothing waits for the other. Doing nothing takes well under a second.
 *
 * @param {import('./steps.mjs').Step[]} [more] What this run needs besides: tests need more than a start.
 * @throws {SetUpFailed} Before anything is started when the machine lacks a part; after stopping the other steps when one fails.
 */
export async function setUp(more = []) {
  const wanted = [...steps, ...more];
  const missing = wanted.flatMap((step) => step.missing());
  if (missing.length > 0) throw new SetUpFailed(missing.map((line) => `- ${line}`).join('\n'));
  if (wanted.every((step) => step.done())) return;
  await alone(
    () => runAll(wanted),
    (holder) => {
      process.stderr.write(`  another set-up (process ${holder}) is at work; waiting for it\n`);
    },
  );
}

async function runAll(wanted) {
  const progress = new Progress();
  const runs = new Map();
  for (const step of wanted) {
    const before = step.after.map((name) => runs.get(name));
    runs.set(
      step.name,
      Promise.all(before).then(() => runOne(step, progress)),
    );
  }
  try {
    await Promise.all(runs.values());
  } catch (error) {
    await stopAll();
    await Promise.allSettled(runs.values());
    throw error;
  }
}

async function runOne(step, progress) {
  if (step.done()) return;
  const logFile = inCache('logs', `set-up-${step.name.replaceAll(' ', '-')}.log`);
  progress.begin(step.name, step.doing);
  const code = await step.run(logFile);
  progress.end(step.name, code === 0 ? 'ready' : isStopping() ? 'stopped' : 'failed');
  if (code !== 0) throw new SetUpFailed(`${step.name} failed. The end of ${logFile}:\n\n${lastLines(logFile, 20)}`);
}
