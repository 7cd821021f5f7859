import { catalogue, type Catalogue } from '../../apps/policy/src/core/catalogue.js';
import { mustRun, type Opa } from './opa.js';
import { isRule } from './sources.js';

interface Annotated {
  location: { file: string };
  annotations: { scope: string; title?: string; description?: string; custom?: Record<string, unknown>; schemas?: unknown[] };
}

/**
 * What people read beside a code, from the METADATA of each rule's package: id, title, severity, controls, the points to confirm.
 * @throws Error when a rule file lacks any of it, or two have the same id
 */
export async function readCatalogue(opa: Opa, dir: string): Promise<Catalogue> {
  const inspected = JSON.parse(await mustRun(opa, ['inspect', '-a', '-f', 'json', '.'], dir)) as {
    annotations: Annotated[];
  };
  const rules = inspected.annotations.filter((a) => a.annotations.scope === 'package' && isRule(a.location.file));
  const entries = rules.map(({ location, annotations: { title, description, custom, schemas } }) => {
    if (title === undefined || description === undefined)
      throw new Error(`${location.file} has no title or description`);
    if (schemas === undefined) throw new Error(`${location.file} does not name schema.input`);
    const { rule, confirmations = [], ...rest } = custom ?? {};
    if (typeof rule !== 'string') throw new Error(`${location.file} has no custom.rule`);
    return [rule, { title, confirmations, ...rest }] as const;
  });
  if (new Set(entries.map(([rule]) => rule)).size !== entries.length)
    throw new Error('two files have the same rule id');
  return catalogue.parse(Object.fromEntries(entries));
}
