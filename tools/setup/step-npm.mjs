import { existsSync, readFileSync } from 'node:fs';
import { inRoot, pinnedNode } from './place.mjs';
import { runToEnd } from './run.mjs';

/** The npm packages, exactly as the lockfile names them. */
export const npmPackages = {
  name: 'npm packages',
  doing: 'npm ci',
  after: [],
  missing: () => [],
  done: () => existsSync(pinnedNode) && installedAsLocked(),
  run: (logFile) => runToEnd({ command: ['npm', 'ci', '--no-audit', '--no-fund'], logFile }),
};

/** npm keeps what it has installed in a hidden lockfile, which it writes last: half an installation has none. */
function installedAsLocked() {
  const hidden = inRoot('node_modules', '.package-lock.json');
  if (!existsSync(hidden)) return false;
  const installed = packagesOf(hidden);
  return Object.entries(packagesOf(inRoot('package-lock.json')))
    .filter(([path, entry]) => path !== '' && entry.optional !== true)
    .every(([path, entry]) => installed[path]?.version === entry.version);
}

function packagesOf(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}
