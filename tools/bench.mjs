#!/usr/bin/env node
// `npm run bench [-- --json] [-- --seconds N]`: set-up where missing, then the bench on the pinned Node.
import { inRoot, pinnedNode } from './setup/place.mjs';
import { main } from './setup/main.mjs';
import { runToEnd } from './setup/run.mjs';
import { setUp } from './setup/set-up.mjs';

await main(async () => {
  await setUp();
  return runToEnd({
    command: [pinnedNode, '--no-warnings', inRoot('dist', 'test', 'bench', 'main.js'), ...process.argv.slice(2)],
  });
});
