import type { RegistryKind, SpecOf } from '#contracts';
import type { Current } from './change.js';
import type { Held, Reference } from './kind-rule.js';

/** The live ones among loaded entries, by name. Their specs were read by the kind's schema when they were written. */
export function heldIn(entries: readonly (Reference & Current)[]): Held {
  const specs = new Map(entries.filter(({ deleted }) => !deleted).map(({ kind, id, spec }) => [`${kind}:${id}`, spec]));
  return <K extends RegistryKind>(kind: K, id: string) => specs.get(`${kind}:${id}`) as SpecOf<K> | undefined;
}
