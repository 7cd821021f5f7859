#!/usr/bin/env node
// `npm test`: everything, each case; `-- --fast` what needs no real parts (`npm run check`); `-- --deep` with full
// counts; `-- --only unit,e2e` some steps by name.
import { parseArgs } from 'node:util';
import { closing, sum } from './checks/counts.mjs';
import { stepsFor } from './checks/steps.mjs';
import { main } from './setup/main.mjs';
import { setUp } from './setup/set-up.mjs';
import { chromiumBrowser, wrongClocks } from './setup/steps-for-tests.mjs';

const { values: options } = parseArgs({
  options: { fast: { type: 'boolean' }, deep: { type: 'boolean' }, only: { type: 'string' } },
});

await main(async () => {
  setDepth();
  const parts = [chromiumBrowser, wrongClocks];
  await setUp(options.fast ? [] : parts);
  for (const { found, setting } of parts) {
    const path = found();
    if (path !== undefined) process.env[setting] = path;
  }
  const steps = stepsFor({ fast: options.fast ?? false, only: options.only?.split(',') });
  const [quiet, loud] = [steps.filter((step) => step.quiet), steps.filter((step) => !step.quiet)];
  const all = sum((await Promise.all([oneByOne(loud), sideBySide(quiet)])).flat());
  for (const line of all.skipped) console.log(`skipped: ${line}`);
  console.log(closing(all));
  return all.failed > 0 || all.passed === 0 ? 1 : 0;
});

function setDepth() {
  if (options.deep) process.env.TEST_DEPTH = 'deep';
  else if (options.fast) process.env.TEST_DEPTH = 'fast';
}

/** Two at a time: most of them use one core. */
async function sideBySide(steps) {
  const waiting = [...steps];
  const results = [];
  const lane = async () => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) results.push(await timed(step));
  };
  await Promise.all([lane(), lane()]);
  return results;
}

async function oneByOne(steps) {
  const results = [];
  for (const step of steps) results.push(await timed(step));
  return results;
}

async function timed(step) {
  const started = performance.now();
  if (!step.quiet) console.log(`\n== ${step.name}`);
  const counts = await step.run();
  if (counts.why !== undefined) console.error(counts.why);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${step.name.padEnd(12)} ${counts.failed > 0 ? 'FAILED' : 'ok'}  ${closing(counts)}  (${seconds} s)`);
  return counts;
}
