/** `npm run test:deep` runs the full counts; `npm test` the quick ones, from a seed that it prints. */
const deep = process.env['TEST_DEPTH'] === 'deep';

/** How often a race or a mutation is repeated. */
export function rounds(counts: { quick: number; deep: number }): number {
  return deep ? counts.deep : counts.quick;
}

/** A number for random generators; `TEST_SEED` repeats an earlier run. It is printed with what it was for. */
export function seed(what: string): number {
  const given = Number(process.env['TEST_SEED'] ?? '');
  const value = given > 0 ? given : Math.floor(Math.random() * 2 ** 31);
  console.info(`${what}: TEST_SEED=${value}`);
  return value;
}

/** So many of them, each once, in an order of their own: the quick run looks at others each time. */
export function chosen<T>(all: readonly T[], count: number, random: () => number): T[] {
  const shuffled = all.map((one) => ({ one, at: random() })).sort((a, b) => a.at - b.at);
  return shuffled.slice(0, count).map(({ one }) => one);
}
