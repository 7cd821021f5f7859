import type { AgentKey, Known, RegistryKind } from '#contracts';

/** A deletion is a version too: it keeps an older signed entry from coming back. */
export interface Gone<K extends RegistryKind = RegistryKind> {
  kind: K;
  id: string;
  version: number;
  deleted: true;
}

/** A live entry or a deletion, of any kind; `kind` tells the spec. */
export type KnownOfAnyKind = { [K in RegistryKind]: Known<K> }[RegistryKind];
export type CopyEntry = KnownOfAnyKind | Gone;

export interface KeyOwner {
  agent: Known<'agents'>;
  key: AgentKey;
}

type Listener = (entry: CopyEntry) => void;

export const isGone = (entry: CopyEntry): entry is Gone => 'deleted' in entry;

/** True for a live entry of this kind, and narrows its spec. */
export function isKnown<K extends RegistryKind>(
  entry: CopyEntry | undefined,
  kind: K,
): entry is Known<K> & KnownOfAnyKind {
  return entry !== undefined && !isGone(entry) && entry.kind === kind;
}

const keyOf = (kind: RegistryKind, id: string): string => `${kind}:${id}`;
const identityOf = (iss: string, sub: string): string => JSON.stringify([iss, sub]);

/**
 * What this process knows of the registry, in memory, for the hot path. It takes verified entries only, and never an
 * older version than it has seen. Where "now" matters, ask `RegistryClient` instead.
 */
export class RegistryCopy {
  readonly #entries = new Map<string, CopyEntry>();
  readonly #kids = new Map<string, KeyOwner>();
  readonly #identities = new Map<string, string>();
  readonly #listeners: Listener[] = [];
  readonly #readiness = Promise.withResolvers<undefined>();
  #isReady = false;

  /** Resolves when the registry topic was read to the end that it had at the start. Never rejects: a fault is waiting. */
  readonly ready: Promise<void> = this.#readiness.promise;

  get isReady(): boolean {
    return this.#isReady;
  }

  markReady(): void {
    this.#isReady = true;
    this.#readiness.resolve(undefined);
  }

  get<K extends RegistryKind>(kind: K, id: string): Known<K> | undefined {
    const entry = this.#entries.get(keyOf(kind, id));
    return isKnown(entry, kind) ? entry : undefined;
  }

  /** The newest version seen, a deletion included; 0 when nothing was ever seen. */
  versionOf(kind: RegistryKind, id: string): number {
    return this.#entries.get(keyOf(kind, id))?.version ?? 0;
  }

  /** The agent that holds this key now. A key that a newer entry left out is unknown. */
  agentByKid(kid: string): KeyOwner | undefined {
    return this.#kids.get(kid);
  }

  personByIdentity(iss: string, sub: string): Known<'people'> | undefined {
    const id = this.#identities.get(identityOf(iss, sub));
    return id === undefined ? undefined : this.get('people', id);
  }

  all<K extends RegistryKind>(kind: K): Known<K>[] {
    const found: Known<K>[] = [];
    for (const entry of this.#entries.values()) if (isKnown(entry, kind)) found.push(entry);
    return found;
  }

  /** Called after the copy holds the entry, once per newer version, in the order of arrival. Must not throw. */
  onChange(listener: Listener): void {
    this.#listeners.push(listener);
  }

  /** Entries that are newer than what the copy holds, the newest of each. */
  newer(entries: readonly CopyEntry[]): CopyEntry[] {
    const newest = new Map<string, CopyEntry>();
    for (const entry of entries) {
      const key = keyOf(entry.kind, entry.id);
      const known = newest.get(key)?.version ?? this.versionOf(entry.kind, entry.id);
      if (entry.version > known) newest.set(key, entry);
    }
    return [...newest.values()];
  }

  /** Takes verified entries; answers those that were newer. */
  take(entries: readonly CopyEntry[]): CopyEntry[] {
    const newer = this.newer(entries);
    for (const entry of newer) this.#replace(entry);
    for (const entry of newer) for (const listener of this.#listeners) listener(entry);
    return newer;
  }

  #replace(entry: CopyEntry): void {
    const key = keyOf(entry.kind, entry.id);
    this.#forget(this.#entries.get(key));
    this.#entries.set(key, entry);
    if (isKnown(entry, 'agents')) {
      for (const jwk of entry.spec.jwks.keys) this.#kids.set(jwk.kid, { agent: entry, key: jwk });
    }
    if (isKnown(entry, 'people')) {
      for (const { iss, sub } of entry.spec.identities) this.#identities.set(identityOf(iss, sub), entry.id);
    }
  }

  /** Only what still points at this entry: a key or identity may have moved to another one meanwhile. */
  #forget(entry: CopyEntry | undefined): void {
    if (isKnown(entry, 'agents')) {
      for (const { kid } of entry.spec.jwks.keys) {
        if (this.#kids.get(kid)?.agent.id === entry.id) this.#kids.delete(kid);
      }
    }
    if (isKnown(entry, 'people')) {
      for (const { iss, sub } of entry.spec.identities) {
        const identity = identityOf(iss, sub);
        if (this.#identities.get(identity) === entry.id) this.#identities.delete(identity);
      }
    }
  }
}
