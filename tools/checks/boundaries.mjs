#!/usr/bin/env node
// Checks the rules of .dependency-cruiser.cjs. With a folder as argument it checks that one instead (fixtures).
import { resolve } from 'node:path';
import { root } from '../setup/place.mjs';
import { cruiseTree, rules } from './cruise.mjs';

const { modules, breaches } = await cruiseTree(resolve(process.argv[2] ?? root));
for (const { rule, from, to } of breaches) {
  const { comment } = rules.find(({ name }) => name === rule);
  console.error(`${from} -> ${to}\n  ${rule}: ${comment}\n`);
}
console.log(`boundaries: ${modules} modules, ${breaches.length} breaches`);
process.exitCode = breaches.length > 0 ? 1 : 0;
