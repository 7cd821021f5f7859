import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { policyInput } from '#contracts';
import { openBundle } from '../../apps/policy/src/io/bundle.js';
import { PolicyEngine } from '../../apps/policy/src/io/policy-engine.js';
import { root } from '../../tools/world/place.js';
import { round } from './figures.js';

const seconds = 5;

/** The full catalogue on the small refund, in this process: checked input in, checked decision out. */
export async function decisionsPerSecond(): Promise<number> {
  const engine = new PolicyEngine(openBundle(readFileSync(join(root, 'dist', 'policies', 'bundle.tar.gz'))));
  const base: unknown = JSON.parse(readFileSync(join(root, 'policies', 'cases', '_base', 'refund.json'), 'utf8'));
  const input = policyInput.parse(base);
  for (let n = 0; n < 2_000; n += 1) engine.evaluate(input);
  const started = performance.now();
  let done = 0;
  while (performance.now() - started < seconds * 1_000) {
    for (let n = 0; n < 100; n += 1) engine.evaluate(input);
    done += 100;
    await Promise.resolve();
  }
  return round(done / ((performance.now() - started) / 1_000), 0);
}
