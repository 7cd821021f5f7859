#!/usr/bin/env node
// Every program of the gate as one file of `dist/programs/`, from what tsc has built. A service is two thousand modules, and
// Node spends more on finding them than on running them: one file starts in half the time, and holds what it was built with.
import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { decode, encode } from '@jridgewell/sourcemap-codec';
import { build } from 'esbuild';
import { inRoot } from './setup/place.mjs';

const programs = inRoot('dist', 'programs');

const apps = readdirSync(inRoot('apps')).map((app) => [app, inRoot('dist', 'apps', app, 'src', 'main.js')]);
const jobs = ['migrate', 'topics'].map((job) => [job, inRoot('dist', 'tools', 'prepare', `${job}.js`)]);

/** esbuild reads patterns as Go does, which knows no flag `u`. */
const goPattern = (pattern) => new RegExp(pattern);

/** Nest and TypeORM ask for drivers that nobody installed, and live with a no: they are left to be asked for. */
const driversThatAreMissing = {
  name: 'drivers that are missing',
  setup({ onResolve, resolve }) {
    onResolve({ filter: goPattern('^[^./#]') }, async ({ path, importer, kind, resolveDir, pluginData }) => {
      if (pluginData === 'asked' || isBuiltin(path) || !importer.includes('node_modules')) return undefined;
      const found = await resolve(path, { importer, kind, resolveDir, pluginData: 'asked' });
      return found.errors.length === 0 ? found : { path, external: true };
    });
  },
};

/** What is logged of an error names our own sources (`source-frame.ts`). A map of everybody else's would be 4 MB more. */
const mapsOfOurOwnOnly = {
  name: 'maps of our own only',
  setup({ onEnd }) {
    onEnd(({ outputFiles = [] }) => {
      for (const { path, text, contents } of outputFiles)
        replace(path, path.endsWith('.map') ? ownPart(text) : contents);
    });
  },
};

/** At once: a gate that runs may be starting this very program. */
function replace(path, contents) {
  writeFileSync(`${path}.new`, contents);
  renameSync(`${path}.new`, path);
}

const ours = /^\.\.\/\.\.\/(?:apps|libs|tools)\//u;

function ownPart(text) {
  const map = JSON.parse(text);
  const isOurs = map.sources.map((source) => ours.test(source));
  // A place without a source ends what is ours: what comes after it would otherwise count as its last line.
  const lines = decode(map.mappings).map((segments) =>
    segments.map(([column, source, ...place]) => (isOurs[source] ? [column, source, place[0], place[1]] : [column])),
  );
  const sources = map.sources.map((source, index) => (isOurs[index] ? source : null));
  return JSON.stringify({ version: 3, sources, names: [], mappings: encode(withoutRepeats(lines)) });
}

function withoutRepeats(lines) {
  let last = [];
  return lines.map((segments) =>
    segments.filter((segment) => {
      const isNew = segment.length > 1 || last.length !== 1;
      last = segment;
      return isNew;
    }),
  );
}

mkdirSync(programs, { recursive: true });
await build({
  entryPoints: Object.fromEntries([...apps, ...jobs]),
  outdir: programs,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  // Nest and our errors say the names of classes.
  keepNames: true,
  sourcemap: true,
  sourcesContent: false,
  // Packages in the older format ask for Node's own modules by `require`.
  banner: {
    js: "import { createRequire as requireOf } from 'node:module';const require = requireOf(import.meta.url);",
  },
  // Looks for its WebAssembly beside its own file.
  external: ['libpg-query'],
  write: false,
  plugins: [driversThatAreMissing, mapsOfOurOwnOnly],
  logLevel: 'warning',
});
