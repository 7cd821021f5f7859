import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openBundle, type Bundle } from '../../apps/policy/src/io/bundle.js';
import { proven } from '../../apps/policy/src/io/policy-engine.js';
import { readCatalogue } from './catalogue.js';
import { mustRun, type Opa } from './opa.js';
import { policiesDir } from './place.js';
import { isTest, layOut, readConfig, regoFiles, writeCapabilities } from './sources.js';

/**
 * Compiles the rules to a bundle and tries it before it takes the place of the one that is there: a running service that looks at the
 * file sees the old one or the new one, whole. The same sources give the same bytes.
 */
export async function compileBundle(opa: Opa, file: string): Promise<Bundle> {
  const scratch = mkdtempSync(join(tmpdir(), 'sallyport-policies-'));
  try {
    return await compileIn(join(scratch, 'bundle'), opa, file);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function compileIn(dir: string, opa: Opa, file: string): Promise<Bundle> {
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

/** Compiles what lies in a folder, with the capabilities of `policies/caps.json`, which it leaves beside the folder. */
export async function compileLayout(
  opa: Opa,
  layout: { dir: string; file: string; revision: string },
): Promise<Bundle> {
  const capabilities = join(dirname(layout.dir), 'capabilities.json');
  await writeCapabilities(opa, capabilities);
  const build = ['build', '-t', 'wasm', '-e', 'sallyport/main/decision', '--capabilities', capabilities];
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
