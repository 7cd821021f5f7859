import { entryId, registryChanged, registryKind } from '#contracts';
import type { Database } from '#database';
import type { RawRecord } from '#messaging';
import { Fault, retrying, type Log } from '#platform';
import { readEntry, type Verifier, type SignedEntry } from './read-entry.js';
import type { RegistryClient, Wanted } from './registry-client.js';
import type { CopyRow, RegistryCopyStore } from './registry-copy.store.js';
import type { CopyEntry, RegistryCopy } from './registry-copy.js';

export interface FeedParts {
  trust: Verifier;
  transactions: Pick<Database, 'transaction'>;
  store: Pick<RegistryCopyStore, 'load' | 'keep'>;
  copy: RegistryCopy;
  client: RegistryClient;
  log: Log;
}

type Doubt = Pick<Wanted, 'kind' | 'id'>;

/**
 * Fills the copy: first from this service's own table, then from the compacted topic. What cannot be read there (a
 * forgery, a newer shape) is asked from the registry itself; no answer waits and is done again, so nothing is skipped
 * and nobody with a producer's rights can revive, hide or invent an entry.
 */
export class RegistryFeed {
  constructor(private readonly parts: FeedParts) {}

  /** Before anything else: an old signed entry on the topic must meet the newest version that was ever seen. */
  async load(signal?: AbortSignal): Promise<void> {
    const { store, copy } = this.parts;
    const rows = await this.#forEver(signal, () => store.load());
    copy.take(rows.map((row) => this.#held(row)).filter((entry) => entry !== undefined));
  }

  /** Records of the registry topic, in order. Resolves when all of them are kept; waits out whatever is down. */
  async take(records: readonly RawRecord[], signal?: AbortSignal): Promise<void> {
    await this.#forEver(signal, async () => {
      const read = records.map((record) => this.#read(record));
      const doubts = read.filter((one) => one !== undefined && 'kind' in one);
      const signed = read.filter((one) => one !== undefined && 'jws' in one);
      await this.keep([...signed, ...(await this.#settle(doubts))]);
    });
  }

  /** Verified entries: first the table, then the memory, so that a crash between the two forgets nothing. */
  async keep(signed: readonly SignedEntry[]): Promise<void> {
    const { copy, transactions, store } = this.parts;
    const newer = new Set(copy.newer(signed.map(({ entry }) => entry)));
    if (newer.size === 0) return;
    const rows = signed.filter(({ entry }) => newer.has(entry)).map(rowOf);
    await transactions.transaction((tx) => store.keep(tx, rows));
    copy.take([...newer]);
  }

  #read(record: RawRecord): SignedEntry | Doubt | undefined {
    // A tombstone says nothing: a deletion is a signed version.
    if (record.value === null) return undefined;
    const about = subjectOf(record.key);
    const data = registryChanged.data.safeParse(jsonOf(record.value));
    const read = data.success ? readEntry(data.data.entry, this.parts.trust) : undefined;
    if (read?.kind === 'read') return read.signed;
    this.parts.log.warn('registry.record_doubtful', {
      topic: record.topic,
      partition: record.partition,
      offset: record.offset,
      reason: read?.kind ?? 'malformed',
    });
    return about;
  }

  async #settle(doubts: readonly Doubt[]): Promise<SignedEntry[]> {
    if (doubts.length === 0) return [];
    const looked = await this.parts.client.lookup({ entries: doubts.map(({ kind, id }) => ({ kind, id })) });
    return looked.entries.filter((entry) => entry !== null);
  }

  /** A row that no longer verifies still bars what was before it, and lets the topic bring the same version again. */
  #held({ kind, id, version, entry }: CopyRow): CopyEntry | undefined {
    const read = readEntry(entry, this.parts.trust);
    if (read.kind === 'read') return read.signed.entry;
    const known = registryKind.safeParse(kind);
    this.parts.log.warn('registry.row_doubtful', { reason: read.kind });
    return known.success && version > 1 ? { kind: known.data, id, version: version - 1, deleted: true } : undefined;
  }

  #forEver<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    return retrying(work, {
      ...(signal && { signal }),
      worthwhile: () => true,
      onWait: (error, attempt, ms) => {
        this.parts.log.warn('registry.feed_waits', {
          code: error instanceof Fault ? error.code : 'internal',
          attempt,
          ms,
        });
      },
    });
  }
}

const rowOf = ({ jws, entry }: SignedEntry): CopyRow => ({
  kind: entry.kind,
  id: entry.id,
  version: entry.version,
  entry: jws,
});

function subjectOf(key: Buffer | null): Doubt | undefined {
  const [kind, id, ...rest] = (key?.toString('utf8') ?? '').split(':');
  const known = registryKind.safeParse(kind);
  return known.success && rest.length === 0 && entryId.safeParse(id).success
    ? { kind: known.data, id: id ?? '' }
    : undefined;
}

function jsonOf(value: Buffer): unknown {
  try {
    return JSON.parse(value.toString('utf8'));
  } catch {
    return undefined;
  }
}
