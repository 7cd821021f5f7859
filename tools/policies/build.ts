import { compileBundle } from './compile.js';
import { findOpa } from './opa.js';
import { bundleFile } from './place.js';

try {
  const { revision, digest, catalogue } = await compileBundle(await findOpa(), bundleFile);
  console.log(`policies: ${String(Object.keys(catalogue).length)} rules, revision ${revision}, ${digest}`);
} catch (error) {
  console.error(`policies: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
