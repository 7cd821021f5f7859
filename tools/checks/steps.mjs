import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { inCache, inRoot, pinnedNode } from '../setup/place.mjs';
import { runToEnd } from '../setup/run.mjs';
import { closingCounts, jestCounts, oneCase } from './counts.mjs';

/**
 * One step of the tests.
 *
 * @typedef {{ name: string, quiet: boolean, run: () => Promise<import('./counts.mjs').Counts> }} TestStep
 */

/**
 * What is about files alone. Beside the parts that run it takes only what time they leave over, and makes none of them late.
 *
 * @param {boolean} beside
 */
const checkerFor = (beside) =>
  beside ? ['/bin/sh', inRoot('tools', 'checks', 'when-idle.sh'), pinnedNode] : [pinnedNode];

const script = (...path) => inRoot('node_modules', ...path);
const logOf = (name) => inCache('logs', `test-${name}.log`);

/** A program that says yes or no; its output is shown only when it says no. */
function check(name, command) {
  return {
    name,
    quiet: true,
    async run() {
      const code = await runToEnd({ command, logFile: logOf(name) });
      if (code !== 0) process.stderr.write(readFileSync(logOf(name), 'utf8'));
      return oneCase(code);
    },
  };
}

/** A program that ends with `N passed, N failed`. */
function counting(name, command) {
  return {
    name,
    quiet: true,
    async run() {
      const code = await runToEnd({ command, logFile: logOf(name) });
      const output = readFileSync(logOf(name), 'utf8');
      if (code !== 0) process.stderr.write(output);
      return closingCounts(name, output, code);
    },
  };
}

/** Jest projects, in one run. Their output goes straight to the terminal; the counts come from its report. */
function jest(projects, workers) {
  const name = projects.join('+');
  return {
    name,
    quiet: false,
    async run() {
      const report = inCache('logs', `jest-${name}.json`);
      mkdirSync(inCache('logs'), { recursive: true });
      rmSync(report, { force: true });
      const options = ['--testTimeout', '60000', '--maxWorkers', workers, '--json', '--outputFile', report];
      const code = await runToEnd({
        command: [
          pinnedNode,
          '--experimental-vm-modules',
          '--no-warnings',
          script('jest', 'bin', 'jest.js'),
          ...options,
          '--selectProjects',
          ...projects,
        ],
        env: { NODE_OPTIONS: '--experimental-vm-modules --no-warnings' },
      });
      return jestCounts(name, report, code);
    },
  };
}

const lintCache = ['--cache', '--cache-location', inCache('eslint/')];
const formatCache = ['--cache', '--cache-strategy', 'content', '--cache-location', inCache('prettier')];
const typesCache = ['--incremental', '--tsBuildInfoFile', inCache('types.tsbuildinfo')];

/** Most use one core, lint longest. @param {string[]} node How they are started. @returns {TestStep[]} */
const checks = (node) => [
  check('lint', [...node, script('eslint', 'bin', 'eslint.js'), '.', ...lintCache]),
  check('types', [...node, script('typescript', 'bin', 'tsc'), '--noEmit', '-p', 'tsconfig.json', ...typesCache]),
  check('format', [...node, script('prettier', 'bin', 'prettier.cjs'), '--check', '--log-level', 'warn', ...formatCache, '.']),
  check('boundaries', [...node, inRoot('tools', 'checks', 'boundaries.mjs')]),
  counting('policies', [...node, inRoot('tools', 'policies', 'test.mjs')]),
]; // prettier-ignore

/** Without real parts and, but for a few small ones, without other processes. */
const fastOnes = { projects: ['unit', 'contract'], workers: '2' };

/**
 * On real parts, which wait more than they compute: for leases to end, outages to pass, processes to stop. So there are more
 * workers than cores, and one run of all, whose slowest files begin first (`sequencer.mjs`). Alone on the machine run races, since both
 * sides must get the same of it, and the doors, whose table has to be through before what it holds is over, five minutes later.
 */
const onRealParts = [
  { projects: ['fault', 'e2e', 'integration'], workers: '4' },
  { projects: ['alone'], workers: '1' },
];

/**
 * What to run: the quiet ones beside the others, and those in this order.
 *
 * @param {{ fast: boolean, only: string[] | undefined }} wish `only`: names of steps or of Jest projects
 * @returns {TestStep[]}
 */
export function stepsFor({ fast, only }) {
  const runs = fast ? [fastOnes] : [fastOnes, ...onRealParts];
  const files = checks(checkerFor(!fast));
  const known = [...files.map(({ name }) => name), ...runs.flatMap(({ projects }) => projects)];
  const unknown = only?.filter((name) => !known.includes(name)) ?? [];
  if (unknown.length > 0) throw new Error(`no such step: ${unknown.join(', ')}`);
  const isWanted = (name) => only?.includes(name) ?? true;
  const wanted = runs.map(({ projects, workers }) => ({ projects: projects.filter(isWanted), workers }));
  return [
    ...files.filter(({ name }) => isWanted(name)),
    ...wanted.filter(({ projects }) => projects.length > 0).map(({ projects, workers }) => jest(projects, workers)),
  ];
}
