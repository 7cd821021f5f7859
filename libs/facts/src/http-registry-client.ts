import { lookupAnswer, type Known, type RegistryKind } from '#contracts';
import { Fault } from '#platform';
import { readEntry, type Verifier, type SignedEntry } from './read-entry.js';
import { isKnown } from './registry-copy.js';
import { RegistryClient, type KnownOf, type Looked, type Wanted } from './registry-client.js';

export interface RegistryAccess {
  /** Public URL of the registry, which is also the audience of the caller's token. */
  registryUrl: string;
  timeoutMs: number;
  trust: Verifier;
  /** The newest version this process has seen: an older answer is a replay, or a copy that lags, and no answer. */
  newestSeen: (kind: RegistryKind, id: string) => number;
  /** A fresh service JWT for the registry; each lives 30 s. */
  token: () => string | Promise<string>;
}

interface Asked {
  entries: Wanted[];
  kids: string[];
}

/** What one lookup carries at most, so that its body stays far below the limit of the door. */
const perLookup = 250;

/** Kept apart from the copy's own reads, so that a vote never sees what was true a moment ago. */
export class HttpRegistryClient extends RegistryClient {
  constructor(private readonly access: RegistryAccess) {
    super();
  }

  async lookup({ entries = [], kids = [] }: { entries?: Wanted[]; kids?: string[] }): Promise<Looked> {
    const looked: Looked = { entries: [], kids: [] };
    for (let from = 0; from < Math.max(entries.length, kids.length); from += perLookup) {
      const part = { entries: entries.slice(from, from + perLookup), kids: kids.slice(from, from + perLookup) };
      const answer = await this.#ask(part);
      looked.entries.push(...answer.entries);
      looked.kids.push(...answer.kids);
    }
    return looked;
  }

  async current<K extends RegistryKind>(entries: Wanted<K>[]): Promise<(KnownOf<K> | null)[]> {
    const looked = await this.lookup({ entries });
    return entries.map(({ kind, id }, i) => {
      const entry = looked.entries[i]?.entry;
      return isKnown(entry, kind) && entry.id === id ? (entry as KnownOf<K>) : null;
    });
  }

  async byKids(kids: string[]): Promise<(Known<'agents'> | null)[]> {
    const looked = await this.lookup({ kids });
    return kids.map((kid, i) => {
      const entry = looked.kids[i]?.entry;
      return isKnown(entry, 'agents') && entry.spec.jwks.keys.some((key) => key.kid === kid) ? entry : null;
    });
  }

  async #ask(part: Asked): Promise<Looked> {
    const answer = lookupAnswer.safeParse(await this.#post(part));
    if (!answer.success) throw unavailable('the registry answered in an unknown shape');
    const { entries, kids } = answer.data;
    if (entries.length !== part.entries.length || kids.length !== part.kids.length) {
      throw unavailable('the registry answered another question');
    }
    return {
      entries: entries.map((jws, i) => this.#fits(this.#read(jws), part.entries[i])),
      kids: kids.map((jws) => this.#fits(this.#read(jws), undefined)),
    };
  }

  async #post(part: Asked): Promise<unknown> {
    const { registryUrl, timeoutMs, token } = this.access;
    try {
      const response = await fetch(`${registryUrl}/v1/lookup`, {
        method: 'POST',
        headers: { authorization: `Bearer ${await token()}`, 'content-type': 'application/json' },
        body: JSON.stringify(part),
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      });
      if (response.ok) return await response.json();
      await response.body?.cancel();
      throw unavailable(`the registry answered ${String(response.status)}`);
    } catch (error) {
      throw error instanceof Fault ? error : unavailable('the registry does not answer', error);
    }
  }

  /** The answer must be about what was asked, and for the current version not be older than what was seen before. */
  #fits(signed: SignedEntry | null, wanted: Wanted | undefined): SignedEntry | null {
    if (signed === null) return null;
    const { kind, id, version } = signed.entry;
    const isOther = wanted !== undefined && (wanted.kind !== kind || wanted.id !== id);
    const isOld =
      wanted?.version === undefined ? version < this.access.newestSeen(kind, id) : version !== wanted.version;
    if (isOther || isOld) throw unavailable('the registry answered with another version');
    return signed;
  }

  /** An answer that does not verify is no answer: perhaps this process has not read the new trust file yet. */
  #read(jws: string | null): SignedEntry | null {
    if (jws === null) return null;
    const read = readEntry(jws, this.access.trust);
    if (read.kind !== 'read') throw unavailable(`the registry's entry is ${read.kind}`);
    return read.signed;
  }
}

function unavailable(message: string, cause?: unknown): Fault {
  return new Fault('registry_unavailable', { retryable: true, message, cause });
}
