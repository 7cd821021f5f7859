import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { policyDecision, type PolicyDecision } from '#contracts';
import { policiesDir } from './place.js';
import { readConfig } from './sources.js';

const casesDir = join(policiesDir, 'cases');
const obligations = policyDecision.shape.obligations;

/** What a golden case expects. Decision and findings always and in full; the rest where the case is about it. */
const expectation = z.strictObject({
  decision: policyDecision.shape.decision,
  /** `RULE effect code`, sorted. */
  findings: z.array(z.string()),
  shadow: z.array(z.string()).optional(),
  waived: policyDecision.shape.waived.optional(),
  ...obligations.partial().shape,
});
export type Expectation = z.infer<typeof expectation>;

/** `input` and `config` are JSON merge patches (RFC 7396) on `_base/<base>.json` and the shipped config. */
const caseFile = z.strictObject({
  about: z.string().min(1),
  base: z.string(),
  input: z.unknown().optional(),
  config: z.unknown().optional(),
  expect: expectation,
});

export interface GoldenCase {
  /** `<rule>/<name>`. */
  name: string;
  rule: string;
  about: string;
  input: unknown;
  config: unknown;
  expect: Expectation;
}

/** Every golden case, patched and ready to run. @throws Error that names the file that cannot be read */
export function readCases(): GoldenCase[] {
  const files = readdirSync(casesDir, { recursive: true, encoding: 'utf8' }).filter((f) =>
    /^[^_].*\/.*\.json$/u.test(f),
  );
  return files.sort().map((file) => {
    const { about, base, input = {}, config = {}, expect } = read(file);
    const name = file.replace(/\.json$/u, '');
    const whole = mergePatch(readBase(base), input);
    return {
      name,
      rule: name.split('/')[0] ?? '',
      about,
      input: whole,
      config: mergePatch(readConfig(), config),
      expect,
    };
  });
}

export function readBase(name: string): unknown {
  return JSON.parse(readFileSync(join(casesDir, '_base', `${name}.json`), 'utf8'));
}

function read(file: string): z.infer<typeof caseFile> {
  const parsed = caseFile.safeParse(JSON.parse(readFileSync(join(casesDir, file), 'utf8')));
  if (parsed.success) return parsed.data;
  throw new Error(`${file}: ${z.prettifyError(parsed.error)}`);
}

/** RFC 7396. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(result, key);
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A decision in the words of a golden case. */
export function inWords(decision: PolicyDecision): Expectation {
  const words = (list: PolicyDecision['findings']): string[] =>
    list.map((f) => `${f.rule} ${f.effect} ${f.code}`).sort();
  const { findings, shadow, waived, obligations: owed } = decision;
  return { decision: decision.decision, findings: words(findings), shadow: words(shadow), waived, ...owed };
}
