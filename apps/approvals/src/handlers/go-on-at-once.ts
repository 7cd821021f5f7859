import { Injectable } from '@nestjs/common';
import { Timers, type TimerHandler, type TimerToSet, type Tx } from '#database';
import { EndApprovals } from './end-approvals.js';
import { JudgeInVain, type InVain } from './judge-in-vain.js';
import { ReplacePlan } from './replace-plan.js';
import { SeatTables } from './seat-tables.js';
import { goOnTimer } from './timer-kinds.js';

const againSeconds = 5;

/** Two services are asked while the transaction waits: so many side by side, however many are due, and no other timer of this service waits longer than one answer takes. */
const mostAtOnce = 8;

/**
 * A plan was opened whose stage would wait out its seconds for people who are not there: policy had not heard of that when it signed. Only what
 * policy signs, asked again, lets the next group in earlier: this service never says so by itself, and credentials would not take its word.
 */
@Injectable()
export class GoOnAtOnce implements TimerHandler {
  constructor(
    private readonly judge: JudgeInVain,
    private readonly tables: SeatTables,
    private readonly plans: ReplacePlan,
    private readonly ends: EndApprovals,
    private readonly timers: Timers,
  ) {}

  async handle(actionIds: string[], tx: Tx): Promise<void> {
    const [now, later] = [actionIds.slice(0, mostAtOnce), actionIds.slice(mostAtOnce)];
    const found = await Promise.all(now.map((actionId) => this.judge.ask(actionId)));
    for (const one of found) if (one.kind === 'answered') await this.act(tx, one);
    // Set anew and not thrown: a service that is down must not hold up the other timers of this one.
    const again = now.filter((_, n) => found[n]?.kind === 'again');
    await this.timers.set(tx, [...dueIn(againSeconds, again), ...dueIn(0, later)]);
  }

  /** Where somebody has voted meanwhile, nothing is made void: the next vote asks policy anyway. */
  private async act(tx: Tx, { judged, row }: InVain & { kind: 'answered' }): Promise<void> {
    const { held, votes } = await this.tables.locked(tx, row.actionId);
    if (held.state !== 'open' || held.planNo !== row.planNo || votes.length > 0) return;
    if (judged.kind === 'replaced') {
      await this.plans.replace(tx, held, { ...judged, voters: [], traceparent: held.traceparent });
      return;
    }
    const reasons = [...new Set([judged.code, ...judged.reasons])];
    await this.ends.end([{ held, ending: { state: 'denied', code: judged.code }, reasons }], tx);
  }
}

const dueIn = (seconds: number, refs: readonly string[]): TimerToSet[] =>
  refs.map((ref) => ({ kind: goOnTimer, ref, dueAt: { seconds } }));
