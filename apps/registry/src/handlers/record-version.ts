import { ProblemError, registryChanged, type RegistryEntry, type RegistryKind, type SpecOf } from '#contracts';
import type { Tx } from '#database';
import { Outbox } from '#messaging';
import { Keyring } from '#trust';
import { Injectable } from '@nestjs/common';
import { locksOut, type Current } from '../core/change.js';
import { ruleOf } from '../core/rules.js';
import { EntriesStore, type NewVersion, type StoredEntry } from '../io/entries.store.js';
import { VersionsStore } from '../io/versions.store.js';

export interface Change {
  kind: RegistryKind;
  id: string;
  current: Current | undefined;
  /** Already read by the kind's schema; undefined deletes. */
  spec: SpecOf<RegistryKind> | undefined;
  by: string;
  at: Date;
  reason?: string;
}

/** The one place where a version comes into being: signed, kept, and announced in the same transaction. */
@Injectable()
export class RecordVersion {
  constructor(
    private readonly keyring: Keyring,
    private readonly entries: EntriesStore,
    private readonly versions: VersionsStore,
    private readonly outbox: Outbox,
  ) {}

  /** The lock of `EntriesStore` must be held. Throws a ProblemError where another live entry holds a name of this one. */
  async handle(changes: readonly Change[], tx: Tx): Promise<StoredEntry[]> {
    const made: NewVersion[] = [];
    for (const change of changes) {
      const next = this.#sign(change);
      const taken = await this.entries.replace(tx, next);
      if (taken !== undefined)
        throw new ProblemError('schema_mismatch', { detail: `${taken} belongs to another entry` });
      await this.versions.add(tx, next);
      made.push(next);
    }
    await this.#keepRegistrars(changes, tx);
    await this.outbox.say(tx, made.map(announcement));
    return made;
  }

  #sign({ kind, id, current, spec, by, at, reason }: Change): NewVersion {
    const version = (current?.version ?? 0) + 1;
    const deleted = spec === undefined;
    const payload: RegistryEntry = {
      gate: this.keyring.gate,
      kind,
      id,
      version,
      deleted,
      ...(!deleted && { spec }),
      changed_by: by,
      changed_at: at.toISOString(),
    };
    const entry = this.keyring.sign('registry', payload);
    const claims = spec === undefined ? [] : ruleOf(kind).claims(spec);
    return { kind, id, version, deleted, spec, entry, changed_by: by, changed_at: at, claims, reason };
  }

  async #keepRegistrars(changes: readonly Change[], tx: Tx): Promise<void> {
    if (!changes.some(({ kind }) => kind === 'people' || kind === 'groups')) return;
    const objection = locksOut(await this.entries.countRegistrars(tx));
    if (objection) throw new ProblemError(objection.code, { detail: objection.detail });
  }
}

const announcement = ({ kind, id, version, entry }: NewVersion) => ({
  event: registryChanged,
  subject: `${kind}:${id}`,
  sequence: version,
  data: { kind, id, version, entry },
});
