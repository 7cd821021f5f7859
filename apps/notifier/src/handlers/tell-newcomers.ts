import { Injectable } from '@nestjs/common';
import type { DataOf, Known, registryChanged } from '#contracts';
import type { Tx } from '#database';
import { isKnown, readEntry, RegistryClient } from '#facts';
import type { Incoming, SliceHandler } from '#messaging';
import { Trust } from '#trust';
import { greeting, newcomers } from '../core/newcomers.js';
import { ActionStore } from '../io/action.store.js';
import { TellPeople } from './tell-people.js';

/** A group has new people: they hear, once, that something waits for them. */
@Injectable()
export class TellNewcomers implements SliceHandler<typeof registryChanged> {
  constructor(
    private readonly trust: Trust,
    private readonly registry: RegistryClient,
    private readonly actions: ActionStore,
    private readonly people: TellPeople,
  ) {}

  async handle(events: Incoming<DataOf<typeof registryChanged>>[], tx: Tx): Promise<void> {
    const groups = events.flatMap(({ data }) => this.changedGroup(data.entry));
    const waiting = await this.actions.dueFirst(
      tx,
      groups.map(({ id }) => id),
    );
    const told = groups.filter(({ id }) => waiting.has(id));
    if (told.length === 0) return;
    const { entries } = await this.registry.lookup({ entries: told.map(versionBefore) });
    const due = told.flatMap((group, at) => {
      const before = entries[at]?.entry;
      const joined = newcomers(isKnown(before, 'groups') ? before : undefined, group);
      return greeting(joined, waiting.get(group.id) ?? '');
    });
    await this.people.tell(tx, due);
  }

  private changedGroup(jws: string): Known<'groups'>[] {
    const read = readEntry(jws, this.trust);
    if (read.kind !== 'read') return [];
    const { entry } = read.signed;
    return isKnown(entry, 'groups') && entry.version > 1 ? [entry] : [];
  }
}

const versionBefore = ({ id, version }: Known<'groups'>): { kind: 'groups'; id: string; version: number } => ({
  kind: 'groups',
  id,
  version: version - 1,
});
