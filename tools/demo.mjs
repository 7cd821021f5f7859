#!/usr/bin/env node
// `npm run demo [-- --json]`: set-up where something is missing, then every story through the public doors.
import { main } from './setup/main.mjs';
import { inRoot, pinnedNode } from './setup/place.mjs';
import { runToEnd } from './setup/run.mjs';
import { setUp } from './setup/set-up.mjs';

await main(async () => {
  await setUp();
  return runToEnd({ command: [pinnedNode, inRoot('dist', 'tools', 'demo', 'main.js'), ...process.argv.slice(2)] });
});
