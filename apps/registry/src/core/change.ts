import { builtInGroups, specs, type ProblemCode, type RegistryKind, type SpecOf } from '#contracts';
import { canonical, machineLines } from '#trust';
import type { Held, Objection, Reference } from './kind-rule.js';
import { ruleOf } from './rules.js';

/** The newest version of an entry, a deletion included. */
export interface Current {
  version: number;
  deleted: boolean;
  /** As JSON; absent in a deletion. */
  spec: unknown;
}

/** What the caller says about the version it has seen: the number of `If-Match`, or none to create. */
export type Precondition = { version: number } | 'absent';

export type Decided<T> = { ok: true; value: T } | { ok: false; code: ProblemCode; detail: string };

/** The spec as its kind's schema reads it, defaults filled in; or the first place where it differs. */
export function readSpec<K extends RegistryKind>(kind: K, body: unknown): Decided<SpecOf<K>> {
  const parsed = specs[kind].safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return refused('schema_mismatch', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong shape'}`);
  }
  const hidden = hiddenText(parsed.data, '');
  if (hidden !== undefined) return refused('text_not_allowed', hidden);
  return { ok: true, value: parsed.data as SpecOf<K> };
}

/** Without a version only something new comes into being; with one, exactly that version is replaced. */
export function meets(current: Current | undefined, precondition: Precondition): Objection | undefined {
  const live = current === undefined || current.deleted ? 'absent' : current.version;
  const asked = precondition === 'absent' ? 'absent' : precondition.version;
  if (live === asked) return undefined;
  const is = live === 'absent' ? 'does not exist' : `is at version ${String(live)}`;
  return { code: 'version_conflict', detail: `the entry ${is}` };
}

/** Saying the same again makes no new version, so that `apply` may run as often as one likes. */
export function isSame(current: Current | undefined, spec: unknown): boolean {
  return current !== undefined && !current.deleted && canonical(current.spec) === canonical(spec);
}

/** The kind's own rules, and that everything the entry names exists. */
export function objectionTo<K extends RegistryKind>(kind: K, spec: SpecOf<K>, held: Held): Objection | undefined {
  const rule = ruleOf(kind);
  const missing = rule.references(spec).find((one) => !exists(one, held));
  if (missing) return { code: 'schema_mismatch', detail: `${missing.kind}/${missing.id} is not registered` };
  return rule.objection(spec, held);
}

/** A built-in group needs no entry of its own before it is named. */
const exists = ({ kind, id }: Reference, held: Held): boolean =>
  held(kind, id) !== undefined || (kind === 'groups' && isBuiltIn(id));

const isBuiltIn = (id: string): boolean => builtInGroups.some((name) => name === id);

/** The change after which nobody could change the registry any more is refused. */
export function locksOut(registrarsAfter: number): Objection | undefined {
  if (registrarsAfter > 0) return undefined;
  return { code: 'schema_mismatch', detail: 'the change would leave no active person in the group registrars' };
}

/** Member names and strings that a person might read: nothing that hides or reorders text. */
function hiddenText(value: unknown, path: string): string | undefined {
  if (typeof value === 'string') return machineLines(value) ? undefined : path;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [name, member] of Object.entries(value)) {
    if (!machineLines(name)) return path;
    const found = hiddenText(member, path === '' ? name : `${path}.${name}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

const refused = (code: ProblemCode, detail: string): { ok: false; code: ProblemCode; detail: string } => ({
  ok: false,
  code,
  detail,
});
