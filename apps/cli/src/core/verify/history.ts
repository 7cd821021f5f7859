import { registryEntry, specs, type Known, type RegistryKind } from '#contracts';
import type { z } from 'zod';
import type { Trust, VoteFacts } from '#trust';
import { Broken } from './finding.js';

/** Every version of every registry entry that the log holds, each verified. */
export class History {
  readonly #entries = new Map<string, Known<RegistryKind>>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(jws: string, trust: Trust, line: number): void {
    const verified = trust.verify(jws, { purpose: 'registry', service: 'registry', schema: registryEntry });
    if (!verified.ok) throw new Broken('entries.ndjson', 'a registry entry is not signed by the registry', line);
    this.#count += 1;
    const { kind, id, version, deleted, changed_by, changed_at, spec } = verified.payload;
    if (deleted) return;
    const parsed: z.ZodSafeParseResult<unknown> = specs[kind].safeParse(spec);
    if (!parsed.success) throw new Broken('entries.ndjson', `a registry entry of ${kind} has another shape`, line);
    const known = { kind, id, version, changed_by, changed_at, spec: parsed.data } as Known<RegistryKind>;
    this.#entries.set(keyOf(kind, id, version), known);
  }

  at<K extends RegistryKind>(kind: K, id: string, version: number): Known<K> | undefined {
    return this.#entries.get(keyOf(kind, id, version)) as Known<K> | undefined;
  }

  /** The cited versions, and for excluded people every version that is known. */
  factsFor(cited: {
    groups: { id: string; version: number }[];
    people: { id: string; version?: number }[];
  }): VoteFacts {
    const present = <T>(value: T | undefined): T[] => (value === undefined ? [] : [value]);
    return {
      groups: cited.groups.flatMap(({ id, version }) => present(this.at('groups', id, version))),
      people: cited.people.flatMap(({ id, version }) =>
        version === undefined ? this.#versionsOf('people', id) : present(this.at('people', id, version)),
      ),
    };
  }

  #versionsOf<K extends RegistryKind>(kind: K, id: string): Known<K>[] {
    return [...this.#entries.values()].filter((entry): entry is Known<K> => entry.kind === kind && entry.id === id);
  }
}

const keyOf = (kind: RegistryKind, id: string, version: number): string => `${kind}:${id}@${String(version)}`;
