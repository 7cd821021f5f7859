import { Injectable } from '@nestjs/common';
import { killSwitchChanged, ProblemError, type PullAnswer, type PullBody } from '#contracts';
import { Timers, type Tx } from '#database';
import { Outbox } from '#messaging';
import { Log, newId } from '#platform';
import type { CallerOf } from '#trust/http';
import { changeOf, type Asked, type Pull } from '../core/kill-switch.js';
import { KillSwitchStore } from '../io/kill-switch.store.js';
import { killTimer } from './cut-pulled.js';
import { Officers } from './officers.js';
import { ConfirmedPulls } from './confirmed-pulls.js';
import { Transact } from './transact.js';

/** The pulls, and what is said about them: in one transaction, or nothing. */
@Injectable()
export class PulledSwitches {
  constructor(
    readonly store: KillSwitchStore,
    private readonly outbox: Outbox,
    private readonly timers: Timers,
  ) {}

  async say(
    tx: Tx,
    pull: Pull,
    { state, by, reason, at }: Asked & { state: Parameters<typeof changeOf>[1] },
  ): Promise<void> {
    const data = changeOf(pull, state, { by, reason, at });
    const subject = `kill-switch:${pull.pullId}`;
    await this.outbox.say(tx, [{ event: killSwitchChanged, subject, sequence: pull.version, data }]);
  }

  /** What it covers is ended in slices, by whichever process comes first; a crash after the commit loses nothing. */
  cutSoon(tx: Tx, { pullId }: Pull): Promise<void> {
    return this.timers.set(tx, [{ kind: killTimer, ref: pullId, dueAt: { seconds: 0 } }]);
  }
}

/**
 * A security officer pulls the kill switch. From the commit on the table of leases lets no intent, record or use in its
 * scope through (migrations/create-kill-switch.ts); what is live is ended meanwhile.
 */
@Injectable()
export class PullSwitch {
  constructor(
    private readonly officers: Officers,
    private readonly pulls: PulledSwitches,
    private readonly transact: Transact,
    private readonly confirming: ConfirmedPulls,
    private readonly log: Log,
  ) {}

  /** Throws ProblemError `not_eligible`, `not_found`, `step_up_required`, or a retryable Fault: then nothing was pulled. */
  async handle({ person }: CallerOf<'person'>, body: PullBody, confirmed: string | undefined): Promise<PullAnswer> {
    if (!(await this.officers.now()).has(person.id)) throw new ProblemError('not_eligible', { why: 'not_in_group' });
    await this.officers.mustBeKnown(body);
    const scopeId = body.scope === 'global' ? null : body.id;
    const wanted = { pullId: newId(), scope: body.scope, scopeId, by: person.id, reason: body.reason };
    const confirm = await this.confirming.of(person.id, body, confirmed);
    const pull = await this.transact.run(async (tx) => {
      await confirm(tx);
      return this.pull(tx, wanted);
    });
    const { pullId: id, epoch, live } = pull;
    this.log.warn('kill_switch.pulled', { ref: id, kind: body.scope, version: epoch, count: live });
    return { id, epoch, live };
  }

  private async pull(tx: Tx, wanted: Parameters<KillSwitchStore['add']>[1]): Promise<Pull> {
    await this.pulls.store.shut(tx);
    const pull = await this.pulls.store.add(tx, wanted);
    await this.pulls.say(tx, pull, { state: 'pulled', by: pull.by, reason: pull.reason, at: pull.pulledAt });
    await this.pulls.cutSoon(tx, pull);
    return pull;
  }
}
