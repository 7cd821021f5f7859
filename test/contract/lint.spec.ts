import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { root } from '../../tools/world/place.js';

const run = promisify(execFile);

/** Where a piece of code stands, the code, and the rule that must refuse it; no rule: it must pass. */
const pieces: [path: string, code: string, rule?: string][] = [
  ['apps/policy/src/core/a.ts', 'export const at = (): number => Date.now();', 'no-restricted-syntax'],
  ['apps/policy/src/core/a.ts', 'export const at = (): Date => new Date();', 'no-restricted-syntax'],
  ['apps/policy/src/core/a.ts', 'export const at = (iso: string): Date => new Date(iso);'],
  ['apps/policy/src/core/a.ts', 'export const dice = (): number => Math.random();', 'no-restricted-syntax'],
  ['apps/policy/src/core/a.ts', 'export const load = async (): Promise<void> => {};', 'no-restricted-syntax'],
  ['apps/policy/src/core/a.ts', 'export const load = (): unknown => fetch("x");', 'no-restricted-syntax'],
  ['apps/policy/src/core/a.ts', 'export const wait = (): unknown => setTimeout(() => {}, 1);', 'no-restricted-syntax'],
  ['apps/policy/src/core/a.ts', 'export const id = (): number => process.pid;', 'no-restricted-syntax'],
  ['apps/policy/src/handlers/a.ts', 'export const at = (): number => Date.now();'],
  ['apps/policy/src/handlers/a.ts', 'export const level = process.env["LEVEL"];', 'no-restricted-syntax'],
  ['libs/platform/src/a.ts', 'export const level = process.env["LEVEL"];'],
  ['libs/trust/src/a.ts', 'export default 1;', 'no-restricted-syntax'],
  ['libs/trust/src/a.ts', 'export enum Colour { Red }', 'no-restricted-syntax'],
  ['libs/trust/src/a.ts', 'export const one = {} as unknown as string;', 'no-restricted-syntax'],
  ['libs/trust/src/a.ts', 'export class KeyManager { readonly a = 1; }', 'no-restricted-syntax'],
  [
    'libs/trust/src/a.ts',
    'export const f = (a: 1, b: 2, c: 3, d: 4, e: 5): unknown => [a, b, c, d, e];',
    'no-restricted-syntax',
  ],
  ['libs/trust/src/a.ts', `export const f = (): void => {\n${'f();\n'.repeat(51)}};`, 'max-lines-per-function'],
  ['libs/trust/src/a.ts', 'export const a = 1;\n'.repeat(301), 'max-lines'],
  ['libs/trust/src/a.ts', `export const f = (a: number): unknown => ${'a ? 1 : '.repeat(10)} 2;`, 'complexity'],
  ['libs/trust/src/keyRing.ts', 'export const a = 1;', 'unicorn/filename-case'],
  ['libs/trust/src/a.spec.ts', 'it.only("holds", () => {});', 'no-restricted-syntax'],
  ['libs/trust/src/a.spec.ts', 'describe.skip("holds", () => {});', 'no-restricted-syntax'],
  ['libs/trust/src/a.spec.ts', 'jest.mock("./b.js");', 'no-restricted-syntax'],
  ['libs/trust/src/a.spec.ts', 'expect(1).toMatchSnapshot();', 'no-restricted-syntax'],
];

/** The rules as configured, without those that need types: such pieces stand in no project. */
const script = `
  import { ESLint } from 'eslint';
  import tseslint from 'typescript-eslint';
  const untyped = { languageOptions: { parserOptions: { projectService: false } } };
  const eslint = new ESLint({ overrideConfig: [tseslint.configs.disableTypeChecked, untyped] });
  const pieces = JSON.parse(process.argv[1]);
  const found = await Promise.all(pieces.map(async ([filePath, code]) => {
    const [{ messages }] = await eslint.lintText(code, { filePath });
    return [...new Set(messages.map(({ ruleId, message }) => ruleId ?? message))];
  }));
  console.log(JSON.stringify(found));
`;

let found: string[][];
beforeAll(async () => {
  const node = join(root, 'node_modules/.bin/node');
  const args = ['--input-type=module', '-e', script, JSON.stringify(pieces)];
  found = JSON.parse((await run(node, args, { cwd: root })).stdout) as string[][];
}, 60_000);

describe('lint', () => {
  it.each(pieces.map(([path, code, rule], index) => ({ path, code: code.slice(0, 60), rule, index })))(
    'in $path: $code → $rule',
    ({ rule, index }) => {
      expect(found[index]).toEqual(rule === undefined ? [] : [rule]);
    },
  );
});
