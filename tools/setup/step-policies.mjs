import { existsSync } from 'node:fs';
import { fingerprint } from './fingerprint.mjs';
import { inRoot, pinnedNode } from './place.mjs';
import { runToEnd } from './run.mjs';

/** The Rego rules, compiled to WebAssembly. */
export const policies = {
  name: 'policies',
  doing: 'opa build',
  after: ['build', 'OPA compiler'],
  missing: () => [],
  done: () => existsSync(inRoot('dist', 'policies', 'bundle.tar.gz')) && sources().unchanged,
  async run(logFile) {
    const before = sources();
    const code = await runToEnd({ command: [pinnedNode, inRoot('tools', 'policies', 'build.mjs')], logFile });
    if (code === 0) before.remember();
    return code;
  },
};

const sources = () => fingerprint('policies', [inRoot('policies'), inRoot('tools', 'policies')]);
