import { it } from '@jest/globals';

/**
 * `it` where this machine has what the case needs; else a skipped case that carries the reason in its name, which
 * `npm test` prints and counts. Not for cases that merely fail.
 */
export function where(present: boolean, reason: string): typeof it | typeof it.skip {
  if (present) return it;
  const skipped = (name: string, ...rest: [never]): void => {
    it.skip(`${name} [skipped: ${reason}]`, ...rest);
  };
  return skipped as typeof it.skip;
}
