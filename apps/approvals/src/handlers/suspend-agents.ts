import { Injectable } from '@nestjs/common';
import { Timers, type TimerHandler, type Tx } from '#database';
import { RegistryDoor } from '../io/registry-door.js';
import { SuspensionStore, type Suspension } from '../io/suspension.store.js';
import { suspendTimer } from './timer-kinds.js';

/** The longest wait between two attempts, seconds. */
const longestWait = 60;

/** Carries out what a person's stop owes: the agent is suspended at the registry, tried for ever, across crashes. */
@Injectable()
export class SuspendAgents implements TimerHandler {
  constructor(
    private readonly suspensions: SuspensionStore,
    private readonly registry: RegistryDoor,
    private readonly timers: Timers,
  ) {}

  async handle(actionIds: string[], tx: Tx): Promise<void> {
    const pending = await this.suspensions.pending(tx, actionIds);
    const answered = await Promise.all(
      pending.map(async (one) => ({ one, answer: await this.registry.suspend(one.agentId, reasonOf(one)) })),
    );
    const done = answered.filter(({ answer }) => answer === 'done').map(({ one }) => one);
    const again = answered.filter(({ answer }) => answer === 'again').map(({ one }) => one);
    await this.suspensions.done(
      tx,
      done.map(({ actionId }) => actionId),
    );
    await this.suspensions.failed(
      tx,
      again.map(({ actionId }) => actionId),
    );
    // Set anew and not thrown: a registry that is down must not hold up the other timers of this service.
    await this.timers.set(tx, again.map(timerOf));
  }
}

function reasonOf({ actionId, askedBy, reason }: Suspension): string {
  return `stopped by ${askedBy} on request ${actionId}: ${reason}`.slice(0, 4_096);
}

function timerOf({ actionId, attempts }: Suspension): { kind: string; ref: string; dueAt: { seconds: number } } {
  return { kind: suspendTimer, ref: actionId, dueAt: { seconds: Math.min(longestWait, 2 ** Math.min(attempts, 6)) } };
}
