import { expect } from '@jest/globals';

/** How a command ended. */
export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Words on one line, no stack, and nothing on stdout. */
export function expectWords({ stdout, stderr }: Ended, words: string): void {
  const last = stderr.trimEnd().split('\n').at(-1) ?? '';
  expect(last).toContain(words);
  expect(stderr).not.toMatch(/^\s+at /mu);
  expect(stdout).toBe('');
}
