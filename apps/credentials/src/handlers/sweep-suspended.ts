import { Injectable } from '@nestjs/common';
import type { DataOf, registryChanged } from '#contracts';
import { Timers, type Tx } from '#database';
import { isKnown, readEntry, RegistryCopy, type CopyEntry } from '#facts';
import type { Incoming } from '#messaging';
import { Trust } from '#trust';
import { isSuspended } from '../core/agent.js';
import { stop } from '../core/lease.js';
import { LeaseStore } from '../io/lease.store.js';
import { OfferStore } from '../io/offer.store.js';
import { ApplyChanges } from './apply-changes.js';
import { CutAhead } from './cut-ahead.js';

export const sweepTimer = 'suspended-agent';

/** Long enough for what was decided for an agent just before its suspension to arrive here, in seconds. */
const againAfterSeconds = 30;

/** Ends everything that agents hold who are suspended now. */
@Injectable()
export class SweepAgents {
  constructor(
    private readonly leases: LeaseStore,
    private readonly clock: OfferStore,
    private readonly copy: RegistryCopy,
    private readonly changes: ApplyChanges,
    private readonly ahead: CutAhead,
  ) {}

  /** Of these agents, those that are suspended: by the entry given, or by a newer one that the copy holds. */
  async suspended(tx: Tx, agents: ReadonlyMap<string, CopyEntry | undefined>): Promise<string[]> {
    const now = await this.clock.now(tx);
    return [...agents].flatMap(([id, entry]) => {
      const isNewer = entry !== undefined && entry.version > this.copy.versionOf('agents', id);
      const agent = isNewer ? entry : this.copy.get('agents', id);
      return isSuspended(isKnown(agent, 'agents') ? agent : null, now) ? [id] : [];
    });
  }

  async sweep(tx: Tx, agentIds: readonly string[]): Promise<void> {
    const leases = await this.leases.lockOfAgents(tx, agentIds);
    const why = { code: 'agent_suspended', by: 'urn:sallyport:service:registry' } as const;
    await this.changes.apply(
      tx,
      leases.map((lease) => stop(lease, why)),
    );
    this.ahead.after(tx, leases);
  }
}

/** The registry says that agents have changed: what a suspended one holds ends now, and once more a little later. */
@Injectable()
export class SweepSuspended {
  constructor(
    private readonly sweeper: SweepAgents,
    private readonly trust: Trust,
    private readonly timers: Timers,
  ) {}

  async handle(events: Incoming<DataOf<typeof registryChanged>>[], tx: Tx): Promise<void> {
    const entries = events
      .filter(({ data }) => data.kind === 'agents')
      .map(({ data }) => readEntry(data.entry, this.trust));
    // A forged entry says nothing about anybody; the copy asks the registry itself.
    const read = entries.flatMap((entry) => (entry.kind === 'read' ? [entry.signed.entry] : []));
    const agents = new Map(read.filter(({ kind }) => kind === 'agents').map((entry) => [entry.id, entry]));
    if (agents.size === 0) return;
    const suspended = await this.sweeper.suspended(tx, agents);
    await this.sweeper.sweep(tx, suspended);
    await this.timers.set(
      tx,
      suspended.map((ref) => ({ kind: sweepTimer, ref, dueAt: { seconds: againAfterSeconds } })),
    );
  }
}

/** The second sweep. An agent that was resumed meanwhile is left alone. */
@Injectable()
export class SweepAgain {
  constructor(private readonly sweeper: SweepAgents) {}

  async handle(agentIds: string[], tx: Tx): Promise<void> {
    const agents = new Map(agentIds.map((id) => [id, undefined]));
    await this.sweeper.sweep(tx, await this.sweeper.suspended(tx, agents));
  }
}
