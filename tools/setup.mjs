#!/usr/bin/env node
// Fetches and builds whatever this checkout still needs; `npm start` and `npm test` begin with it.
import { main } from './setup/main.mjs';
import { setUp } from './setup/set-up.mjs';

await main(async () => {
  await setUp();
  return 0;
});
