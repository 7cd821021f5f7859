import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of the checkout: sources and built files alike look upwards, so both find the same one. */
export const root = findRoot(import.meta.dirname);

/** What set-up may fetch or make again at any time. */
export const cacheDir = join(root, '.cache');

/** What `npm start` keeps between two starts. */
export const dataDir = join(root, '.data');

function findRoot(from: string): string {
  if (existsSync(join(from, 'nest-cli.json'))) return from;
  const parent = dirname(from);
  if (parent === from) throw new Error('this file lies outside of a Sallyport checkout');
  return findRoot(parent);
}
