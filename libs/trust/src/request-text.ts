import { freeText, machineLines, machineText } from './text.js';

/** Where the agent may write as it likes; nobody but a person reads it. */
const freePaths = new Set(['context.justification', 'context.change.rollback_plan']);

/**
 * The first place in a parsed request whose text is not allowed (`text_not_allowed`), as a dotted path; undefined
 * when all is well. Values under `action.properties` and `resource.properties` may span lines, since a statement
 * does; ids, names and member names may not; free text may hold anything visible or not, except control characters.
 */
export function forbiddenText(value: unknown): string | undefined {
  return search(value, '');
}

function search(value: unknown, path: string): string | undefined {
  if (typeof value === 'string') return allows(path, value) ? undefined : path;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [name, member] of Object.entries(value)) {
    const at = path === '' ? name : `${path}.${name}`;
    if (!machineText(name)) return path === '' ? '(member name)' : `${path} (member name)`;
    const found = search(member, at);
    if (found !== undefined) return found;
  }
  return undefined;
}

function allows(path: string, text: string): boolean {
  if (freePaths.has(path)) return freeText(text);
  return /^(?:action|resource)\.properties\./u.test(path) ? machineLines(text) : machineText(text);
}
