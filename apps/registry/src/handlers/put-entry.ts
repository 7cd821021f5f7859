import { ProblemError, type RegistryKind, type SpecOf } from '#contracts';
import { Database, type Tx } from '#database';
import { compileProperties } from '#facts';
import { Injectable } from '@nestjs/common';
import { mayWrite } from '../core/authority.js';
import { isSame, meets, objectionTo, readSpec, type Precondition } from '../core/change.js';
import { heldIn } from '../core/held.js';
import type { Objection } from '../core/kind-rule.js';
import { ruleOf } from '../core/rules.js';
import { EntriesStore, type StoredEntry } from '../io/entries.store.js';
import { FindCaller, type Claimant } from './find-caller.js';
import { RecordVersion } from './record-version.js';

export interface PutEntryCall {
  caller: Claimant;
  kind: RegistryKind;
  id: string;
  /** Strict JSON, not yet read by any schema. */
  body: unknown;
  precondition: Precondition;
}

export interface Put {
  entry: StoredEntry;
  isNew: boolean;
}

@Injectable()
export class PutEntry {
  constructor(
    private readonly database: Database,
    private readonly callers: FindCaller,
    private readonly entries: EntriesStore,
    private readonly record: RecordVersion,
  ) {}

  async handle(call: PutEntryCall): Promise<Put> {
    const read = readSpec(call.kind, call.body);
    return this.database.transaction(async (tx) => {
      const at = await this.entries.lock(tx);
      const by = this.callers.allow(mayWrite(await this.callers.now(call.caller, tx), call.kind));
      if (!read.ok) throw new ProblemError(read.code, { detail: read.detail });
      const [current] = await this.entries.load([call], tx);
      refuse(meets(current, call.precondition));
      if (current !== undefined && isSame(current, read.value)) return { entry: current, isNew: false };
      await this.#object(call.kind, read.value, tx);
      const change = { kind: call.kind, id: call.id, current, spec: read.value, by, at };
      const [entry] = await this.record.handle([change], tx);
      if (entry === undefined) throw new Error('a recorded change has an entry');
      return { entry, isNew: current === undefined || current.deleted };
    });
  }

  async #object<K extends RegistryKind>(kind: K, spec: SpecOf<K>, tx: Tx): Promise<void> {
    const references = await this.entries.load(ruleOf(kind).references(spec), tx);
    refuse(objectionTo(kind, spec, heldIn(references)));
    refuse(schemaObjection(kind, spec));
  }
}

function refuse(objection: Objection | undefined): void {
  if (objection) throw new ProblemError(objection.code, { detail: objection.detail });
}

/** By the compiler that intake uses, so that what is registered can be used. */
function schemaObjection(kind: RegistryKind, spec: object): Objection | undefined {
  if (kind !== 'action-types' || !('properties_schema' in spec)) return undefined;
  const compiled = compileProperties(spec.properties_schema as Record<string, unknown>);
  return compiled.ok ? undefined : { code: 'schema_mismatch', detail: `properties_schema: ${compiled.why}` };
}
