import type { Facts, Known, RegistryKind } from '#contracts';

/** Where a fact comes from, and since when it is so. */
export interface Origin {
  source: string;
  at: string;
}

/** Collects the facts that policy used, by their path in its input: they travel with the verdict and stand before the people who decide. */
export class FactSheet {
  readonly facts: Facts = {};

  /** Notes a fact and hands its value on. */
  note<T>(path: string, value: T, { source, at }: Origin): T {
    this.facts[path] = { value, source, at };
    return value;
  }
}

/** A registry entry at the version that was read; it is a fact since somebody made that version. */
export function registered({ kind, id, version, changed_at }: Known<RegistryKind>): Origin {
  return { source: `registry:${kind}/${id}@${String(version)}`, at: changed_at };
}

/** What was computed from several entries is a fact since the youngest of them. */
export function registeredTogether(entries: readonly Known<RegistryKind>[]): Origin {
  const origins = entries.map(registered);
  const at =
    origins
      .map((origin) => origin.at)
      .sort()
      .at(-1) ?? '';
  return { source: origins.map(({ source }) => source).join(' '), at };
}
