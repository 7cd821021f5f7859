import { mustRun, type Opa } from './opa.js';

/** A node of OPA's syntax tree. Only what the lints and the mutants look at. */
export interface Term {
  type: string;
  value: unknown;
  location?: Location;
}

export interface Location {
  row: number;
  col: number;
  /** Base64. */
  text: string;
}

export interface Rule {
  head: { name: string; value?: Term; key?: Term; args?: Term[] };
  body: { location: Location }[];
  default?: boolean;
  location: Location;
}

export interface Module {
  file: string;
  package: { path: Term[] };
  rules: Rule[];
}

/** @throws Error when the file does not parse */
export async function parse(opa: Opa, dir: string, file: string): Promise<Module> {
  const printed = await mustRun(opa, ['parse', '-f', 'json', '--json-include', 'locations', file], dir);
  return { ...(JSON.parse(printed) as Omit<Module, 'file'>), file };
}

export const packageOf = (module: Module): string => module.package.path.map(({ value }) => String(value)).join('.');

export const sourceOf = ({ text }: Location): string => Buffer.from(text, 'base64').toString('utf8');

/** Every term below a node, the node included. */
export function* termsIn(node: unknown): Generator<Term> {
  if (typeof node !== 'object' || node === null) return;
  if (isTerm(node)) yield node;
  for (const child of Object.values(node)) yield* termsIn(child);
}

function isTerm(node: object): node is Term {
  return 'type' in node && 'value' in node;
}

/** The names at the head of a reference: `input.claims.x[i]` gives `input`, `claims`, `x`, and undefined for the variable. */
export function pathOf(term: Term): (string | number | undefined)[] {
  if (term.type !== 'ref' || !Array.isArray(term.value)) return [];
  const parts = term.value as Term[];
  return parts.map(({ type, value }, index) => {
    if (index === 0 ? type === 'var' : type === 'string') return String(value);
    return type === 'number' ? Number(value) : undefined;
  });
}
