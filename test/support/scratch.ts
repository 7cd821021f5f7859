import { closeFolder, openFolder } from './canaries.js';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A folder of this test run's own (see leaks.mjs) below the system's temporary folder; `remove` takes it away, and throws when a secret of this
 * spec is found in it.
 */
export function scratchFolder(name: string): { dir: string; remove: () => void } {
  const dir = mkdtempSync(join(tmpdir(), `sallyport-${process.env['TEST_RUN'] ?? 'unit'}-${name}-`));
  openFolder(dir);
  return {
    dir,
    remove: () => {
      try {
        closeFolder(dir);
      } finally {
        rmSync(dir, { recursive: true, force: true });
      }
    },
  };
}
