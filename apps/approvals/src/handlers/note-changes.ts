import { Injectable } from '@nestjs/common';
import type { DataOf, registryChanged } from '#contracts';
import { Timers, type Tx } from '#database';
import type { Incoming } from '#messaging';
import { peek } from '#trust';
import { RegistryFacts } from '../io/registry-facts.js';
import {
  endSeatsAgainTimer,
  endSeatsTimer,
  rerouteAgainTimer,
  rerouteTimer,
  secondSweepSeconds,
} from './timer-kinds.js';

type Changed = DataOf<typeof registryChanged>;

/** Changes come in crowds; together they are looked at once. Seconds. */
const soonSeconds = 1;

/** People or groups have changed: what that does to open requests is looked at soon, and once more when every copy must have followed. */
@Injectable()
export class NoteChanges {
  constructor(
    private readonly registry: RegistryFacts,
    private readonly timers: Timers,
  ) {}

  async handle(events: Incoming<Changed>[], tx: Tx): Promise<void> {
    // What is new takes nobody away.
    const changed = events.map(({ data }) => data).filter(({ version }) => version > 1);
    const people = changed.filter(({ kind }) => kind === 'people');
    const groups = changed.filter(({ kind }) => kind === 'groups').map(({ id }) => id);
    const around = this.registry.groupsWith(new Set(people.map(({ id }) => id)));
    const gone = people.filter(mayBeGone).map(({ id }) => id);
    await this.timers.set(tx, [
      ...twice([...new Set([...groups, ...around])], rerouteTimer, rerouteAgainTimer),
      ...twice(gone, endSeatsTimer, endSeatsAgainTimer),
    ]);
  }
}

function twice(refs: readonly string[], soon: string, again: string): Parameters<Timers['set']>[1] {
  return refs.flatMap((ref) => [
    { kind: soon, ref, dueAt: { seconds: soonSeconds } },
    { kind: again, ref, dueAt: { seconds: secondSweepSeconds } },
  ]);
}

/** Unverified: a forged entry makes somebody look, and whoever looks reads what the registry signed. */
function mayBeGone({ entry }: Changed): boolean {
  const said = peek(entry) as { deleted?: boolean; spec?: { state?: string } } | undefined;
  return said?.deleted !== false || said.spec?.state !== 'active';
}
