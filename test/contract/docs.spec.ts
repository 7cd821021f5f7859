import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { format } from 'prettier';
import { asyncapi } from '../../tools/docs/asyncapi.js';
import { eventTable } from '../../tools/docs/events.js';
import { issuersPage } from '../../tools/docs/issuers.js';
import { settingsPage } from '../../tools/docs/settings.js';
import { root } from '../../tools/world/place.js';

const pages: [string, () => string | Promise<string>, 'markdown' | 'json'][] = [
  ['docs/events.md', eventTable, 'markdown'],
  ['docs/asyncapi.json', () => asyncapi('0.1.0'), 'json'],
  ['docs/issuers.md', issuersPage, 'markdown'],
  ['docs/settings.md', settingsPage, 'markdown'],
];

it.each(pages)('%s says what the code says (npm run docs writes it)', async (name, page, parser) => {
  const wanted = await format(await page(), { parser, printWidth: 120, singleQuote: true });
  expect(readFileSync(join(root, name), 'utf8')).toBe(wanted);
});

/** Paths of specs in backticks; a name without a folder is in the folder of the one before it. */
function specsNamedIn(page: string): string[] {
  const named = [...readFileSync(join(root, page), 'utf8').matchAll(/`([^` ]+\.spec\.ts)`/gu)].map(([, path]) => path);
  let folder = '';
  return named.map((path = '') => {
    if (path.includes('/')) folder = path.slice(0, path.lastIndexOf('/'));
    return path.includes('/') ? path : `${folder}/${path}`;
  });
}

it.each([['README.md'], ['docs/threat-model.md']])('%s names no spec that is not there', (page) => {
  const missing = specsNamedIn(page).filter((path) => globSync(path, { cwd: root }).length === 0);
  expect(missing).toEqual([]);
});

/** The lines of a table below a heading, cell by cell, without its head. */
function tableBelow(page: string, heading: string): string[][] {
  const [, below = ''] = readFileSync(join(root, page), 'utf8').split(`\n## ${heading}\n`);
  const lines = (below.split('\n## ')[0] ?? '').split('\n').filter((line) => line.startsWith('| '));
  return lines.slice(1).map((line) => line.slice(2, -2).split(' | '));
}

const attacks = tableBelow('docs/threat-model.md', 'Attacks on release and ending');

it.each(attacks)(
  'threat model, to %s: has a defence, and every test that it names is there under this title',
  (_, defence, tests = '') => {
    expect(defence).toBeTruthy();
    const named = [...tests.matchAll(/`([^`]+)` "([^"]+)"/gu)].map(([, path = '', title = '']) => ({ path, title }));
    expect(named.length).toBeGreaterThan(0);
    expect(named.map(({ path, title }) => `\`${path}\` "${title}"`).join(', ')).toBe(tests);
    const missing = named.filter(({ path, title }) => !readFileSync(join(root, path), 'utf8').includes(title));
    expect(missing).toEqual([]);
  },
);

it('every attack that is played has its line in the table', () => {
  const named = attacks.map(([, , tests = '']) => tests).join('\n');
  const played = globSync('test/attack/*.spec.ts', { cwd: root });
  expect(played.length).toBeGreaterThan(10);
  expect(played.filter((path) => !named.includes(`\`${path}\``))).toEqual([]);
});

it('the table of attacks is read', () => {
  expect(attacks.length).toBeGreaterThan(15);
});
