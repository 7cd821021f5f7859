import { Injectable } from '@nestjs/common';
import type { DataOf, registryChanged } from '#contracts';
import { Timers, type TimerHandler, type Tx } from '#database';
import { isKnown, readEntry, RegistryCopy } from '#facts';
import type { Incoming, SliceHandler } from '#messaging';
import { Fault } from '#platform';
import { Trust } from '#trust';
import { suspended } from '../core/endings.js';
import { ApprovalStore } from '../io/approval.store.js';
import { EndApprovals } from './end-approvals.js';
import { secondSweepSeconds, sweepTimer } from './timer-kinds.js';

/** Ends what suspended agents have open. */
@Injectable()
export class Sweep {
  constructor(
    private readonly approvals: ApprovalStore,
    private readonly ends: EndApprovals,
  ) {}

  async agents(tx: Tx, agentIds: string[]): Promise<void> {
    if (agentIds.length === 0) return;
    const held = await this.approvals.lockOpenOf(tx, agentIds);
    const ends = held.flatMap((one) => {
      const ending = suspended(one);
      return ending === undefined ? [] : [{ held: one, ending }];
    });
    await this.ends.end(ends, tx);
  }
}

/** The registry says that an agent may not act any more: its open requests end, and once more a little later. */
@Injectable()
export class SweepSuspended implements SliceHandler<typeof registryChanged> {
  constructor(
    private readonly trust: Trust,
    private readonly copy: RegistryCopy,
    private readonly sweep: Sweep,
    private readonly timers: Timers,
  ) {}

  async handle(events: Incoming<DataOf<typeof registryChanged>>[], tx: Tx): Promise<void> {
    const agentIds = events
      .filter(({ data }) => data.kind === 'agents')
      .flatMap(({ data }) => this.suspendedBy(data.entry));
    await this.sweep.agents(tx, agentIds);
    await this.timers.set(
      tx,
      agentIds.map((ref) => ({ kind: sweepTimer, ref, dueAt: { seconds: secondSweepSeconds } })),
    );
  }

  /** A forged entry says nothing, and an old one that is heard again says nothing against the newer one that the copy holds. */
  private suspendedBy(jws: string): string[] {
    const read = readEntry(jws, this.trust);
    // The registry signed what this build cannot read: waiting for a newer build ends nothing by mistake.
    if (read.kind === 'unreadable')
      throw new Fault('registry_unavailable', { retryable: true, message: 'an entry of a newer shape' });
    if (read.kind !== 'read' || read.signed.entry.kind !== 'agents') return [];
    const { entry } = read.signed;
    if (this.copy.versionOf('agents', entry.id) > entry.version) return isActive(this.copy, entry.id) ? [] : [entry.id];
    return isKnown(entry, 'agents') && entry.spec.state === 'active' ? [] : [entry.id];
  }
}

/** The second sweep. An agent that was resumed meanwhile is left alone. */
@Injectable()
export class SweepAgain implements TimerHandler {
  constructor(
    private readonly copy: RegistryCopy,
    private readonly sweep: Sweep,
  ) {}

  async handle(agentIds: string[], tx: Tx): Promise<void> {
    await this.sweep.agents(
      tx,
      agentIds.filter((id) => !isActive(this.copy, id)),
    );
  }
}

/** An agent that was deleted is not active either. */
function isActive(copy: RegistryCopy, agentId: string): boolean {
  return copy.get('agents', agentId)?.spec.state === 'active';
}
