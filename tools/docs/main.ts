// `npm run docs` writes the generated pages; `npm run docs -- --check` says which of them are not what would be written.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';
import { root } from '../world/place.js';
import { asyncapi } from './asyncapi.js';
import { eventTable } from './events.js';
import { issuersPage } from './issuers.js';
import { settingsPage } from './settings.js';

const check = process.argv.includes('--check');
const pages: [string, string, 'markdown' | 'json'][] = [
  ['docs/events.md', eventTable(), 'markdown'],
  ['docs/asyncapi.json', asyncapi(versionOfProject()), 'json'],
  ['docs/issuers.md', issuersPage(), 'markdown'],
  ['docs/settings.md', await settingsPage(), 'markdown'],
];

let stale = 0;
for (const [name, text, parser] of pages) {
  const path = join(root, name);
  const wanted = await format(text, { parser, printWidth: 120, singleQuote: true });
  const found = existsSync(path) ? readFileSync(path, 'utf8') : '';
  if (found === wanted) continue;
  stale += 1;
  if (check) console.error(`${name} is not what \`npm run docs\` would write`);
  else writeFileSync(path, wanted);
  console.log(`${check ? 'stale' : 'wrote'}  ${name}`);
}
if (check && stale > 0) process.exitCode = 1;

function versionOfProject(): string {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  return version;
}
