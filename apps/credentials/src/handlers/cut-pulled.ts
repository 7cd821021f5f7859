import { Injectable } from '@nestjs/common';
import { Timers, type Tx } from '#database';
import { cutBy } from '../core/kill-switch.js';
import { KillSwitchStore } from '../io/kill-switch.store.js';
import { ApplyChanges } from './apply-changes.js';
import { CutAhead } from './cut-ahead.js';

export const killTimer = 'kill-switch';

/** Leases that one transaction ends. */
const sliceSize = 100;

/** An offer that was being written while the switch was pulled is found by the next look, in seconds. */
const againAfterSeconds = 5;

/**
 * Ends what the pulls cover, slice by slice, one transaction each. A pull that is in force is looked at again and again;
 * one that was released until nothing is left of what it covered.
 */
@Injectable()
export class CutPulled {
  constructor(
    private readonly killSwitch: KillSwitchStore,
    private readonly changes: ApplyChanges,
    private readonly timers: Timers,
    private readonly ahead: CutAhead,
  ) {}

  async handle(pullIds: string[], tx: Tx): Promise<void> {
    for (const pullId of pullIds) await this.slice(pullId, tx);
  }

  private async slice(pullId: string, tx: Tx): Promise<void> {
    // Not locked: the next pull would have to wait for all of this.
    const pull = await this.killSwitch.find(tx, pullId);
    if (pull === undefined) return;
    const leases = await this.killSwitch.lockSome(tx, pull, sliceSize);
    await this.changes.apply(
      tx,
      leases.map((lease) => cutBy(pull, lease)),
    );
    this.ahead.after(tx, leases);
    // Fewer than a slice may be those that somebody else has changed in the meantime: only none is the end.
    const seconds = leases.length > 0 ? 0 : againAfterSeconds;
    if (leases.length === 0 && pull.releasedAt !== null) return;
    await this.timers.set(tx, [{ kind: killTimer, ref: pullId, dueAt: { seconds } }]);
  }
}
