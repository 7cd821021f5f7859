import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cruise } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import { inRoot } from '../setup/place.mjs';

const config = createRequire(import.meta.url)(inRoot('.dependency-cruiser.cjs'));
const folders = ['apps', 'libs', 'tools', 'test'];

/** The rules as configured. @type {{ name: string, comment: string }[]} */
export const rules = config.forbidden;

/**
 * Checks who imports whom below a folder that is laid out like the checkout.
 *
 * @param {string} baseDir
 * @returns {Promise<{ modules: number, breaches: { rule: string, from: string, to: string }[] }>}
 * @throws When it sees no module: that is how a checker looks that cannot read this TypeScript, and it would pass anything.
 */
export async function cruiseTree(baseDir) {
  const present = folders.filter((folder) => existsSync(join(baseDir, folder)));
  const { enhancedResolveOptions, tsConfig, ...options } = config.options;
  const { output } = await cruise(
    present,
    { ...options, baseDir, validate: true, ruleSet: { forbidden: config.forbidden } },
    enhancedResolveOptions,
    { tsConfig: extractTSConfig(inRoot(tsConfig.fileName)) },
  );
  const modules = output.summary.totalCruised;
  if (modules === 0) throw new Error(`the boundary check saw no module below ${baseDir}`);
  const breaches = output.summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to }));
  return { modules, breaches };
}
