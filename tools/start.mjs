#!/usr/bin/env node
// `npm start`: set-up where something is missing, then everything under one supervisor.
import { main } from './setup/main.mjs';
import { inRoot, pinnedNode } from './setup/place.mjs';
import { runToEnd } from './setup/run.mjs';
import { setUp } from './setup/set-up.mjs';

await main(async () => {
  await setUp();
  return runToEnd({ command: [pinnedNode, inRoot('dist', 'tools', 'start.js'), ...process.argv.slice(2)] });
});
