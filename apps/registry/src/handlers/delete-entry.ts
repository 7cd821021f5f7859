import { ProblemError, type RegistryKind } from '#contracts';
import { Database } from '#database';
import { Injectable } from '@nestjs/common';
import { mayWrite } from '../core/authority.js';
import { meets, type Precondition } from '../core/change.js';
import { EntriesStore, type StoredEntry } from '../io/entries.store.js';
import { FindCaller, type Claimant } from './find-caller.js';
import { RecordVersion } from './record-version.js';

export interface DeleteEntryCall {
  caller: Claimant;
  kind: RegistryKind;
  id: string;
  precondition: Precondition;
}

/** A deletion is a version: announced and signed like any other, so that no older entry comes back. */
@Injectable()
export class DeleteEntry {
  constructor(
    private readonly database: Database,
    private readonly callers: FindCaller,
    private readonly entries: EntriesStore,
    private readonly record: RecordVersion,
  ) {}

  async handle({ caller, kind, id, precondition }: DeleteEntryCall): Promise<StoredEntry> {
    return this.database.transaction(async (tx) => {
      const at = await this.entries.lock(tx);
      const by = this.callers.allow(mayWrite(await this.callers.now(caller, tx), kind));
      const [current] = await this.entries.load([{ kind, id }], tx);
      if (current === undefined || current.deleted) throw new ProblemError('not_found');
      const objection = meets(current, precondition);
      if (objection) throw new ProblemError(objection.code, { detail: objection.detail });
      const [entry] = await this.record.handle([{ kind, id, current, spec: undefined, by, at }], tx);
      if (entry === undefined) throw new Error('a recorded change has an entry');
      return entry;
    });
  }
}
