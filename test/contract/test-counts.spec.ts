import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { root } from '../../tools/world/place.js';
import { scratchFolder } from '../support/scratch.js';

interface Counts {
  passed: number;
  failed: number;
  skipped: string[];
}

/** The counting is plain JavaScript, since it runs before anything is built. */
const { closing, closingCounts, jestCounts, sum } = (await import(join(root, 'tools/checks/counts.mjs'))) as {
  jestCounts: (name: string, report: string, code: number) => Counts;
  closingCounts: (name: string, output: string, code: number) => Counts;
  sum: (all: Counts[]) => Counts;
  closing: (counts: Counts) => string;
};

const { stepsFor } = (await import(join(root, 'tools/checks/steps.mjs'))) as {
  stepsFor: (wish: { fast: boolean; only: string[] | undefined }) => { name: string }[];
};

const scratch = scratchFolder('counts');
afterAll(() => {
  scratch.remove();
});

function report(cases: { status: string; fullName: string }[], broken = 0): string {
  const file = join(scratch.dir, 'report.json');
  const count = (status: string): number => cases.filter((one) => one.status === status).length;
  const report = {
    numPassedTests: count('passed'),
    numFailedTests: count('failed'),
    numRuntimeErrorTestSuites: broken,
    testResults: [{ assertionResults: cases }],
  };
  writeFileSync(file, JSON.stringify(report));
  return file;
}

const passed = { status: 'passed', fullName: 'holds' };

describe("what Jest's report comes to", () => {
  it('is what it says when all is well', () => {
    expect(jestCounts('unit', report([passed, passed]), 0)).toEqual({ passed: 2, failed: 0, skipped: [] });
  });

  it('is a failure when there is no report', () => {
    expect(jestCounts('unit', join(scratch.dir, 'none.json'), 0)).toEqual({
      passed: 0,
      failed: 1,
      skipped: [],
      why: 'unit: Jest left no report',
    });
  });

  it('is a failure when no case ran', () => {
    expect(jestCounts('unit', report([]), 0)).toMatchObject({ passed: 0, failed: 1, why: 'unit: no test ran' });
  });

  it('is a failure when a file did not even load', () => {
    expect(jestCounts('unit', report([passed], 1), 1)).toEqual({ passed: 1, failed: 1, skipped: [] });
  });

  it('is a failure when the cases passed and Jest did not: something was left behind', () => {
    expect(jestCounts('e2e', report([passed]), 1)).toEqual({ passed: 1, failed: 1, skipped: [] });
  });

  it('names a skipped case that has its reason, and fails one that has none', () => {
    const reasoned = { status: 'pending', fullName: 'signs from Python [skipped: no python3]' };
    const silent = { status: 'pending', fullName: 'signs' };
    expect(jestCounts('e2e', report([passed, reasoned, silent]), 0)).toEqual({
      passed: 1,
      failed: 1,
      skipped: ['signs from Python [skipped: no python3]'],
    });
  });
});

describe('what a closing line comes to', () => {
  it('is what it says', () => {
    expect(closingCounts('policies', 'rego tests  1.0 s\n12 passed, 1 failed\n', 1)).toEqual({
      passed: 12,
      failed: 1,
      skipped: [],
    });
  });

  it.each([
    ['there is none', 'all good\n', 0],
    ['it is not the last line', '3 passed, 0 failed\nand then it crashed\n', 0],
    ['nothing was counted', '0 passed, 0 failed\n', 0],
  ])('is a failure when %s', (_, output, code) => {
    expect(closingCounts('policies', output, code).failed).toBe(1);
  });

  it('is a failure when the exit code says otherwise', () => {
    expect(closingCounts('policies', '3 passed, 0 failed\n', 1)).toEqual({ passed: 3, failed: 1, skipped: [] });
  });
});

it('the last line of all names what was skipped only when something was', () => {
  const one = { passed: 2, failed: 0, skipped: [] };
  expect(closing(sum([one, one]))).toBe('4 passed, 0 failed');
  expect(closing(sum([one, { passed: 0, failed: 1, skipped: ['x'] }]))).toBe('2 passed, 1 failed, 1 skipped');
});

describe('what a test run does', () => {
  const names = (fast: boolean, only?: string[]): string[] => stepsFor({ fast, only }).map(({ name }) => name);

  it('is everything, and the fast part only on wish', () => {
    const fast = names(true);
    expect(names(false)).toEqual([...fast, 'fault+e2e+integration', 'alone']);
    expect(fast).toEqual(expect.arrayContaining(['policies', 'unit+contract']));
  });

  it('is what was named, each once, and nothing is skipped silently because its name is wrong', () => {
    expect(names(false, ['alone', 'e2e', 'unit', 'integration'])).toEqual(['unit', 'e2e+integration', 'alone']);
    expect(() => names(false, ['e2'])).toThrow('no such step: e2');
    expect(() => names(true, ['e2e'])).toThrow('no such step: e2e');
  });
});
