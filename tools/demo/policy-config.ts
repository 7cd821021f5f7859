import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { policyConfig, type PolicyConfig } from '#contracts';
import { writeWhole, type Stage } from './stage.js';

/** How long policy may take to see a changed file: it looks once a second. */
const seenWithinMs = 2_500;

/** Runs `work` while the security team's file says something else, and puts it back afterwards, whatever happens. */
export async function withPolicy<T>(
  { policy_config_file: file }: Stage,
  change: (config: PolicyConfig) => PolicyConfig,
  work: () => Promise<T>,
): Promise<T> {
  const before = readFileSync(file, 'utf8');
  writeWhole(file, JSON.stringify(change(policyConfig.parse(JSON.parse(before))), null, 2));
  try {
    await pause(seenWithinMs);
    return await work();
  } finally {
    writeWhole(file, before);
    await pause(seenWithinMs);
  }
}
