import { Injectable } from '@nestjs/common';
import { ProblemError, type PullsAnswer, type ReleaseAnswer } from '#contracts';
import type { Tx } from '#database';
import { Log } from '#platform';
import type { CallerOf } from '#trust/http';
import { decideRelease, lineOf } from '../core/kill-switch.js';
import { Officers } from './officers.js';
import { PulledSwitches } from './pull-switch.js';
import { Transact } from './transact.js';

/** Who wants a pull released, and why. */
interface Wish {
  pullId: string;
  by: string;
  reason: string;
}

/** Two security officers release a pull. New requests work from then on; nothing that it ended comes back. */
@Injectable()
export class ReleaseSwitch {
  constructor(
    private readonly officers: Officers,
    private readonly pulls: PulledSwitches,
    private readonly transact: Transact,
    private readonly log: Log,
  ) {}

  /** Throws ProblemError `not_eligible`, `not_found`, `already_decided`, or a retryable Fault. */
  async handle({ person }: CallerOf<'person'>, pullId: string, reason: string): Promise<ReleaseAnswer> {
    const members = await this.officers.now();
    const answer = await this.transact.run((tx) => this.decide(tx, { pullId, by: person.id, reason }, members));
    this.log.warn('kill_switch.release', { ref: pullId, ok: answer.released });
    return answer;
  }

  private async decide(tx: Tx, { pullId, by, reason }: Wish, members: ReadonlySet<string>): Promise<ReleaseAnswer> {
    // Before the pull is looked up: whoever may not release hears nothing of which there are.
    if (!members.has(by)) throw new ProblemError('not_eligible', { why: 'not_in_group' });
    const pull = await this.pulls.store.lock(tx, pullId);
    if (pull === undefined) throw new ProblemError('not_found');
    const decision = decideRelease(pull, by, members);
    if (!decision.ok) throw new ProblemError(decision.code, decision.why && { why: decision.why });
    const released = decision.step === 'release';
    await this.write(tx, { pullId, by, reason }, released);
    return { id: pullId, released, waits_for: released ? 0 : 1 };
  }

  private async write(tx: Tx, { pullId, by, reason }: Wish, released: boolean): Promise<void> {
    const { store } = this.pulls;
    const step = released ? store.release.bind(store) : store.ask.bind(store);
    const saved = await step(tx, pullId, { by, reason });
    const at = (released ? saved.releasedAt : saved.asked?.at) ?? saved.pulledAt;
    await this.pulls.say(tx, saved, { state: released ? 'released' : 'release_asked', by, reason, at });
  }
}

/** The pulls in force, and how far their work is. */
@Injectable()
export class ShowSwitch {
  constructor(
    private readonly officers: Officers,
    private readonly pulls: PulledSwitches,
  ) {}

  async handle(caller: CallerOf<'person'>): Promise<PullsAnswer> {
    this.officers.mustSee(caller);
    const { store } = this.pulls;
    const inForce = await store.inForce();
    const remaining = inForce.length === 0 ? [] : await store.remaining();
    const byPull = Map.groupBy(remaining, ({ pullId }) => pullId);
    return { pulls: inForce.map((pull) => lineOf(pull, byPull.get(pull.pullId) ?? [])) };
  }
}
