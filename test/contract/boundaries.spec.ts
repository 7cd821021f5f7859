import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { root } from '../../tools/world/place.js';
import { scratchFolder } from '../support/scratch.js';

const run = promisify(execFile);
const node = join(root, 'node_modules', '.bin', 'node');
const fixtures = join(root, 'test', 'boundaries');

/** All fixtures in one process of its own: the checker is plain JavaScript and needs two seconds to load. */
const script = `
  import { resolve } from 'node:path';
  import { cruiseTree, rules } from './tools/checks/cruise.mjs';
  const broken = {};
  for (const name of process.argv.slice(1)) {
    const { breaches } = await cruiseTree(resolve('test/boundaries', name));
    broken[name] = [...new Set(breaches.map(({ rule }) => rule))];
  }
  console.log(JSON.stringify({ rules: rules.map(({ name }) => name), broken }));
`;

interface Cruised {
  rules: string[];
  broken: Record<string, string[]>;
}

async function cruiseFixtures(): Promise<Cruised> {
  const { stdout } = await run(node, ['--input-type=module', '-e', script, ...readdirSync(fixtures)], { cwd: root });
  return JSON.parse(stdout) as Cruised;
}

describe('the boundary rules', () => {
  it('each have a fixture that breaks this rule and no other', async () => {
    const { rules, broken } = await cruiseFixtures();
    expect(broken).toEqual(Object.fromEntries(rules.map((rule) => [rule, [rule]])));
  }, 60_000);

  it('fail when they see no module at all', async () => {
    const scratch = scratchFolder('boundaries');
    mkdirSync(join(scratch.dir, 'apps'));
    const check = run(node, ['tools/checks/boundaries.mjs', scratch.dir], { cwd: root });
    await expect(check).rejects.toThrow(`the boundary check saw no module below ${scratch.dir}`);
    scratch.remove();
  }, 60_000);
});
