import { existsSync, readFileSync, rmSync } from 'node:fs';
import { fingerprint } from './fingerprint.mjs';
import { inCache, inRoot, pinnedNode } from './place.mjs';
import { runToEnd } from './run.mjs';

/** JavaScript from the TypeScript sources, type-checked on the way; then each program of the gate as one file. */
export const build = {
  name: 'build',
  doing: 'tsc, esbuild',
  after: ['npm packages'],
  missing: () => [],
  done: () => existsSync(inRoot('dist', 'programs')) && sources().unchanged,
  async run(logFile) {
    // Looked at first: what is edited while tsc runs must be built again next time.
    const before = sources();
    forgetRemovedSources();
    const tsc = [inRoot('node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json'];
    for (const script of [tsc, [inRoot('tools', 'bundle.mjs')]]) {
      const code = await runToEnd({ command: [pinnedNode, ...script], logFile });
      if (code !== 0) return code;
    }
    before.remember();
    return 0;
  },
};

const buildInfo = inCache('build.tsbuildinfo');

function sources() {
  const folders = ['apps', 'libs', 'tools', 'test'].map((folder) => inRoot(folder));
  const settings = ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json'].map((file) => inRoot(file));
  return fingerprint('build', [...folders, ...settings], (file) => /\.(?:ts|tsx|json)$|bundle\.mjs$/u.test(file));
}

/** tsc never removes what it once made: a service that lost a file would still load it. */
function forgetRemovedSources() {
  if (existsSync(buildInfo) && existsSync(inRoot('dist'))) {
    const { fileNames = [] } = JSON.parse(readFileSync(buildInfo, 'utf8'));
    if (fileNames.every((name) => existsSync(inCache(name)))) return;
  }
  rmSync(buildInfo, { force: true });
  rmSync(inRoot('dist'), { recursive: true, force: true });
}
