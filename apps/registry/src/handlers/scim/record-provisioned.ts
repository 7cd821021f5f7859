import type { RegistryKind, SpecOf } from '#contracts';
import type { Tx } from '#database';
import { Injectable } from '@nestjs/common';
import { isSame, objectionTo, readSpec } from '../../core/change.js';
import { heldIn } from '../../core/held.js';
import { ruleOf } from '../../core/rules.js';
import { refused } from '../../core/scim/outcome.js';
import { providerUrn, type Provider } from '../../core/scim/provider.js';
import { ScimError } from '../../core/scim/scim-error.js';
import { EntriesStore } from '../../io/entries.store.js';
import { RecordVersion, type Change } from '../record-version.js';

export interface Provisioned {
  kind: 'people' | 'groups';
  id: string;
  /** Undefined deletes. */
  spec: SpecOf<RegistryKind> | undefined;
  provider: Provider;
  at: Date;
}

/** The same entries as by the registry's own door: by the same schema and rules, signed, kept and announced by the same hand. */
@Injectable()
export class RecordProvisioned {
  constructor(
    private readonly entries: EntriesStore,
    private readonly record: RecordVersion,
  ) {}

  /** The lock of `EntriesStore` must be held. What is as it was makes no version. */
  async handle({ kind, id, spec, provider, at }: Provisioned, tx: Tx): Promise<void> {
    const [current] = await this.entries.load([{ kind, id }], tx);
    const change = { kind, id, current, by: providerUrn(provider), at };
    const read = spec === undefined ? undefined : await this.#read(kind, spec, tx);
    if (read === undefined || !isSame(current, read))
      await this.record.handle([{ ...change, spec: read } satisfies Change], tx);
  }

  async #read<K extends 'people' | 'groups'>(kind: K, body: unknown, tx: Tx): Promise<SpecOf<K>> {
    const read = readSpec(kind, body);
    if (!read.ok) throw new ScimError(refused('invalidValue', read.detail).refusal);
    const references = await this.entries.load(ruleOf(kind).references(read.value), tx);
    const objection = objectionTo(kind, read.value, heldIn(references));
    if (objection) throw new ScimError(refused('invalidValue', objection.detail).refusal);
    return read.value;
  }
}
