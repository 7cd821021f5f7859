import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { compileBundle } from './compile.js';
import { lintConfirmations } from './confirmed-facts.js';
import { checkGoldenCases } from './golden.js';
import { checkInvariants } from './invariants.js';
import { checkLints } from './lints.js';
import { checkMutants } from './mutants.js';
import { findOpa, type Opa } from './opa.js';
import { policiesDir, scratchDir } from './place.js';
import { Report } from './report.js';
import { checkRegoTests } from './rego-tests.js';
import { writeSchemas } from './schemas.js';
import { regoFiles, writeCapabilities } from './sources.js';

const report = new Report();

/** The compiler's own checks: form, types by the contract of the input, only the built-ins of `caps.json`. */
async function checkForm(opa: Opa): Promise<void> {
  const { stdout } = await opa(['fmt', '--list', ...regoFiles()], policiesDir);
  for (const file of regoFiles())
    report.note(`form of ${file}`, stdout.includes(file) ? 'run opa fmt --write' : undefined);
  const capabilities = join(scratchDir, 'capabilities.json');
  await writeCapabilities(opa, capabilities);
  const schemas = join(scratchDir, 'schemas');
  writeSchemas(schemas);
  const { code, stderr } = await opa(
    ['check', '--strict', '--capabilities', capabilities, '-s', schemas, ...regoFiles()],
    policiesDir,
  );
  report.note('opa check --strict', code === 0 ? undefined : stderr);
}

async function checkAll(): Promise<void> {
  const opa = await findOpa();
  const [once, again] = [join(scratchDir, 'once.tar.gz'), join(scratchDir, 'again.tar.gz')];
  const bundle = await compileBundle(opa, once);
  report.note(
    'two builds are one',
    bundle.digest === (await compileBundle(opa, again)).digest ? undefined : 'digests differ',
  );
  report.note('confirmed facts', lintConfirmations(bundle.catalogue));
  const steps: [string, () => Promise<void>][] = [
    ['form', () => checkForm(opa)],
    ['lints', () => checkLints(opa, report)],
    ['rego tests', () => checkRegoTests(opa, report)],
    ['golden cases', () => checkGoldenCases(opa, bundle, report)],
    ['invariants', () => checkInvariants(opa, bundle, report)],
    ['mutants', () => checkMutants(opa, bundle, report)],
  ];
  for (const [name, step] of steps) {
    const started = performance.now();
    await step();
    console.log(`${name.padEnd(14)} ${((performance.now() - started) / 1_000).toFixed(1)} s`);
  }
}

try {
  await checkAll();
} catch (error) {
  report.note('policies', error instanceof Error ? error.message : String(error));
}
rmSync(scratchDir, { recursive: true, force: true });
console.log(report.closing());
process.exitCode = report.failed > 0 ? 1 : 0;
