#!/usr/bin/env node
// The command line runs on the project's own Node where the one that started it is too old; that one may be any from 20 on.
import { spawn } from 'node:child_process';
import module from 'node:module';
import { inCache, pinnedNode } from '../tools/setup/place.mjs';

const oldest = 22;

if (Number.parseInt(process.versions.node, 10) >= oldest) {
  module.enableCompileCache?.(inCache('node'));
  await import('../dist/programs/cli.js');
} else {
  const child = spawn(pinnedNode, [import.meta.filename, ...process.argv.slice(2)], { stdio: 'inherit' });
  // The terminal tells both; what it means is decided there.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`The project's own Node cannot be started (${error.message}). Run: npm run setup`);
    process.exitCode = 1;
  });
  child.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
}
