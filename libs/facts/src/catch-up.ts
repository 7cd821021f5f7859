import { entryId, thumbprint, type RegistryKind } from '#contracts';
import type { RegistryClient, Wanted } from './registry-client.js';
import type { SignedEntry } from './read-entry.js';
import type { RegistryCopy } from './registry-copy.js';

/** What a slice met and the copy does not hold: keys nobody is known for, versions newer than the copy's. */
export interface Unknowns {
  kids?: readonly string[];
  entries?: readonly Required<Wanted>[];
}

/** Milliseconds that only ever grow (`performance.now`); a parameter so that specs need not wait. */
export interface Pace {
  now(): number;
  wait(ms: number): Promise<void>;
}

export interface Limits {
  /** Milliseconds between the starts of two lookups: an asker of unknown keys slows itself, not the registry. */
  spacingMs: number;
  negativeMs: number;
  /** Keys and versions that are remembered as absent, and keys that one lookup carries. */
  most: number;
}

export const catchUpLimits: Limits = { spacingMs: 100, negativeMs: 5_000, most: 1_000 };

interface Batch {
  kids: Set<string>;
  entries: Map<string, Required<Wanted>>;
  done: Promise<void>;
}

/** What nobody can be registered under is not asked for: one such name would spoil the whole lookup. */
const isKid = (kid: string): boolean => thumbprint.safeParse(kid).success;
const isId = (id: string): boolean => entryId.safeParse(id).success;

const keyOf = (kind: RegistryKind, id: string): string => `${kind}:${id}`;

/**
 * Brings the copy up to what a slice has met. Callers that come while a lookup waits its turn share the next one.
 * A lookup that fails rejects with the client's retryable fault: no answer pauses, and is never "no such key".
 */
export class CatchUp {
  readonly #absent = new Map<string, number>();
  #next: Batch | undefined;
  #lastStart = Number.NEGATIVE_INFINITY;
  #tail: Promise<void> = Promise.resolve();

  constructor(
    private readonly copy: RegistryCopy,
    private readonly client: RegistryClient,
    private readonly keep: (entries: SignedEntry[]) => Promise<void>,
    private readonly pace: Pace & { limits: Limits },
  ) {}

  /** Resolves when the copy holds all there is to know of these; what is still unknown then does not exist. */
  async learn(unknowns: Unknowns): Promise<void> {
    const kids = (unknowns.kids ?? []).filter(
      (kid) => isKid(kid) && this.#isWorthAsking(kid, !this.copy.agentByKid(kid)),
    );
    const entries = (unknowns.entries ?? []).filter(
      ({ kind, id, version }) =>
        isId(id) &&
        this.#isWorthAsking(`${keyOf(kind, id)}@${String(version)}`, this.copy.versionOf(kind, id) < version),
    );
    const pending = new Set<Promise<void>>();
    for (const kid of new Set(kids)) pending.add(this.#join((batch) => batch.kids.add(kid)));
    for (const entry of entries) {
      pending.add(this.#join((batch) => batch.entries.set(keyOf(entry.kind, entry.id), newest(batch, entry))));
    }
    await Promise.all(pending);
  }

  #isWorthAsking(key: string, isUnknown: boolean): boolean {
    const until = this.#absent.get(key);
    return isUnknown && (until === undefined || until <= this.pace.now());
  }

  #join(add: (batch: Batch) => unknown): Promise<void> {
    if (this.#next === undefined || this.#next.kids.size + this.#next.entries.size >= this.pace.limits.most) {
      this.#next = this.#open();
    }
    add(this.#next);
    return this.#next.done;
  }

  #open(): Batch {
    const batch: Batch = { kids: new Set(), entries: new Map(), done: Promise.resolve() };
    batch.done = this.#tail.then(() => this.#run(batch));
    this.#tail = batch.done.catch(() => undefined);
    return batch;
  }

  async #run(batch: Batch): Promise<void> {
    const wait = this.#lastStart + this.pace.limits.spacingMs - this.pace.now();
    if (wait > 0) await this.pace.wait(wait);
    // From here on the batch is closed: later callers open the next one.
    if (this.#next === batch) this.#next = undefined;
    this.#lastStart = this.pace.now();
    const kids = [...batch.kids];
    const wanted = [...batch.entries.values()];
    // The current version is asked for, whatever version was met: nobody waits for a version.
    const looked = await this.client.lookup({ kids, entries: wanted.map(({ kind, id }) => ({ kind, id })) });
    await this.keep([...looked.kids, ...looked.entries].filter((entry) => entry !== null));
    this.#remember(kids.filter((kid) => !this.copy.agentByKid(kid)));
    this.#remember(
      wanted
        .filter(({ kind, id, version }) => this.copy.versionOf(kind, id) < version)
        .map(({ kind, id, version }) => `${keyOf(kind, id)}@${String(version)}`),
    );
  }

  #remember(absent: string[]): void {
    const until = this.pace.now() + this.pace.limits.negativeMs;
    for (const key of absent) {
      this.#absent.delete(key);
      this.#absent.set(key, until);
    }
    // A Map keeps the order of insertion: the oldest go first, so that an asker of random keys costs no memory.
    for (const key of this.#absent.keys()) {
      if (this.#absent.size <= this.pace.limits.most) break;
      this.#absent.delete(key);
    }
  }
}

function newest(batch: Batch, entry: Required<Wanted>): Required<Wanted> {
  const other = batch.entries.get(keyOf(entry.kind, entry.id));
  return other !== undefined && other.version > entry.version ? other : entry;
}
