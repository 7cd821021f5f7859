import { statSync } from 'node:fs';
import Sequencer from '@jest/test-sequencer';

const slowFirst = ['fault', 'e2e', 'integration'];

/** Whole gates before single services, and long files before short ones: what is left for the end is short. */
export default class SlowFirst extends Sequencer {
  sort(tests) {
    const rankOf = ({ context, path }) => [slowFirst.indexOf(context.config.displayName?.name), -statSync(path).size];
    const ranked = tests.map((test) => ({ test, rank: rankOf(test) }));
    ranked.sort((a, b) => a.rank[0] - b.rank[0] || a.rank[1] - b.rank[1]);
    return ranked.map(({ test }) => test);
  }
}
