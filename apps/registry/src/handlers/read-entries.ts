import { ProblemError, type RegistryKind } from '#contracts';
import { Injectable } from '@nestjs/common';
import { mayRead } from '../core/authority.js';
import { EntriesStore, type StoredEntry } from '../io/entries.store.js';
import { VersionsStore, type StoredVersion } from '../io/versions.store.js';
import { FindCaller, type Claimant } from './find-caller.js';

/** Answers of a list are cut to this; the next page begins after the last id or before the last version. */
export const pageSize = 500;

@Injectable()
export class ReadEntries {
  constructor(
    private readonly callers: FindCaller,
    private readonly entries: EntriesStore,
    private readonly versions: VersionsStore,
  ) {}

  async one(caller: Claimant, kind: RegistryKind, id: string): Promise<StoredEntry> {
    await this.#allow(caller);
    const [entry] = await this.entries.load([{ kind, id }]);
    if (entry === undefined || entry.deleted) throw new ProblemError('not_found');
    return entry;
  }

  async list(caller: Claimant, kind: RegistryKind, after: string): Promise<StoredEntry[]> {
    await this.#allow(caller);
    return this.entries.list(kind, { after, most: pageSize });
  }

  /** Deletions included: the history of an entry that is gone is still its history. */
  async history(
    caller: Claimant,
    kind: RegistryKind,
    { id, before }: { id: string; before: number },
  ): Promise<StoredVersion[]> {
    await this.#allow(caller);
    const versions = await this.versions.of(kind, id, { before, most: pageSize });
    if (versions.length === 0) throw new ProblemError('not_found');
    return versions;
  }

  async #allow(caller: Claimant): Promise<void> {
    this.callers.allow(mayRead(await this.callers.now(caller)));
  }
}
