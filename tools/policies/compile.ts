import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openBundle, type Bundle } from '../../apps/policy/src/io/bundle.js';
import { proven } from '../../apps/policy/src/io/policy-engine.js';
import { readCatalogue } from './catalogue.js';
import { mustRun, type Opa } from './opa.js';
import { policiesDir, scratchDir } from './place.js';
import { isTest, layOut, readConfig, regoFiles, writeCapabilities } from './sources.js';

export const capabilitiesFile = join(scratchDir, 'capabilities.json');

/**
 * Compiles the rules to a bundle and tries it before it takes the place of the one that is there: a running service that looks at the
 * file sees the old one or the new one, whole. The same sources give the same bytes.
 */
export async function compileBundle(opa: Opa, file: string): Promise<Bundle> {
  await writeCapabilities(opa, capabilitiesFile);
  const dir = join(scratchDir, 'bundle');
  const sources = regoFiles().filter((name) => !isTest(name));
  const config = readConfig();
  layOut(dir, sources, { config });
  layOut(dir, sources, { config, catalogue: await readCatalogue(opa, dir) });
  const made = `${file}.new`;
  mkdirSync(dirname(file), { recursive: true });
  const bundle = await compileLayout(opa, { dir, file: made, revision: revision(sources) });
  proven(bundle);
  renameSync(made, file);
  return bundle;
}

/** Compiles what lies in a folder, with the capabilities that `compileBundle` wrote. */
export async function compileLayout(
  opa: Opa,
  layout: { dir: string; file: string; revision: string },
): Promise<Bundle> {
  const build = ['build', '-t', 'wasm', '-e', 'sallyport/main/decision', '--capabilities', capabilitiesFile];
  await mustRun(opa, [...build, '--revision', layout.revision, '-b', '.', '-o', layout.file], layout.dir);
  return openBundle(readFileSync(layout.file));
}

/** Names the sources, so that a running service can be held against a checkout. */
function revision(sources: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of [...sources, 'config.json'])
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(policiesDir, file)));
  return hash.digest('hex').slice(0, 16);
}
