import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { policyConfig, type PolicyConfig } from '#contracts';
import { mustRun, type Opa } from './opa.js';
import { policiesDir } from './place.js';

/** The Rego files below `policies/`, with their paths relative to it. */
export function regoFiles(): string[] {
  const all = readdirSync(policiesDir, { recursive: true, encoding: 'utf8' });
  return all.filter((file) => file.endsWith('.rego')).sort();
}

export const isTest = (file: string): boolean => file.endsWith('_test.rego');
/** A file that can find something: one rule id each. */
export const isRule = (file: string): boolean => /^(?:guard|rules)\//u.test(file) && !isTest(file);

export function readConfig(): PolicyConfig {
  return policyConfig.parse(JSON.parse(readFileSync(join(policiesDir, 'config.json'), 'utf8')));
}

/** Lays out some of the sources with the data beside them, as `opa` wants it. */
export function layOut(dir: string, files: readonly string[], data: object): void {
  rmSync(dir, { recursive: true, force: true });
  for (const file of files) {
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    cpSync(join(policiesDir, file), join(dir, file));
  }
  writeFileSync(join(dir, 'data.json'), JSON.stringify(data));
}

/**
 * The capabilities that the compiler is given: only built-ins that run inside the module, without the host's help. Those differ between
 * the engines or throw, and an agent could make them throw. `policies/caps.json` has the names; the compiler knows their types.
 */
export async function writeCapabilities(opa: Opa, file: string): Promise<void> {
  const names = JSON.parse(readFileSync(join(policiesDir, 'caps.json'), 'utf8')) as {
    builtins: string[];
    features: string[];
  };
  const all = JSON.parse(await mustRun(opa, ['capabilities', '--current'], '.')) as { builtins: { name: string }[] };
  const builtins = all.builtins.filter((builtin) => names.builtins.includes(builtin.name));
  if (builtins.length !== names.builtins.length)
    throw new Error('caps.json names a built-in that the compiler does not have');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify({ builtins, features: names.features }));
}
