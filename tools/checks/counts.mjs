import { existsSync, readFileSync } from 'node:fs';

/**
 * What a step of the tests came to.
 *
 * @typedef {{ passed: number, failed: number, skipped: string[], why?: string }} Counts `why`: a failure that is no case's.
 */

const closingLine = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/u;

/** A check without cases counts as one. @returns {Counts} */
export function oneCase(code) {
  return code === 0 ? { passed: 1, failed: 0, skipped: [] } : { passed: 0, failed: 1, skipped: [] };
}

/**
 * Reads Jest's report. A report that is missing, a run without cases, a skip without a reason and an exit code that the
 * cases do not explain each count as a failure: nothing may look green that did not run.
 *
 * @param {string} name @param {string} reportFile @param {number} code @returns {Counts}
 */
export function jestCounts(name, reportFile, code) {
  if (!existsSync(reportFile)) return broken(`${name}: Jest left no report`);
  const report = JSON.parse(readFileSync(reportFile, 'utf8'));
  const cases = report.testResults.flatMap((file) => file.assertionResults);
  const skipped = cases.filter(({ status }) => status !== 'passed' && status !== 'failed').map(reasonOf);
  const failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
  if (report.numPassedTests + failed === 0) return broken(`${name}: no test ran`);
  const counts = { passed: report.numPassedTests, failed, skipped: skipped.filter((line) => line !== undefined) };
  const unexplained = skipped.length - counts.skipped.length;
  if (unexplained > 0) return { ...counts, failed: failed + unexplained };
  return code !== 0 && failed === 0 ? { ...counts, failed: 1 } : counts;
}

/** A skipped case says why in its name (`where` of test/support/where.ts). */
function reasonOf({ fullName }) {
  return /\[skipped: .+\]$/u.test(fullName) ? fullName : undefined;
}

/**
 * Reads the closing line `N passed, N failed` of a step that prints one.
 *
 * @param {string} name @param {string} output @param {number} code @returns {Counts}
 */
export function closingCounts(name, output, code) {
  const last = output.trimEnd().split('\n').at(-1) ?? '';
  const [, passed, failed, skipped] = closingLine.exec(last)?.map(Number) ?? [];
  if (passed === undefined || passed + failed === 0) return broken(`${name}: no closing line with counts`);
  const counts = { passed, failed, skipped: reasons(name, output, skipped) };
  return code !== 0 && failed === 0 ? { ...counts, failed: 1 } : counts;
}

function reasons(name, output, count) {
  const lines = output.split('\n').filter((line) => line.includes('[skipped: '));
  return Array.from({ length: count || 0 }, (_, index) => lines[index] ?? `${name}: a case without a reason`);
}

function broken(why) {
  return { passed: 0, failed: 1, skipped: [], why };
}

/** @param {Counts[]} all */
export function sum(all) {
  return {
    passed: all.reduce((total, { passed }) => total + passed, 0),
    failed: all.reduce((total, { failed }) => total + failed, 0),
    skipped: all.flatMap(({ skipped }) => skipped),
  };
}

/** The one line that stands alone at the end. @param {Counts} counts */
export function closing({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`;
}
