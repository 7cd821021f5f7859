import { Database, Timers, type TimerHandler, type Tx } from '#database';
import { retrying, Shutdown } from '#platform';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { ActionsStore } from '../io/actions.store.js';

export const monthsTimer = 'intake.months';

const dailySeconds = 86_400;

/** Makes the coming months' partitions long before their first id can come: at start, then daily, by one instance. */
@Injectable()
export class KeepMonths implements TimerHandler, OnApplicationBootstrap {
  constructor(
    private readonly database: Database,
    private readonly timers: Timers,
    private readonly actions: ActionsStore,
    private readonly shutdown: Shutdown,
  ) {}

  onApplicationBootstrap(): void {
    const first = (tx: Tx): Promise<void> => this.#setIn(tx, 0);
    const { signal } = this.shutdown;
    void retrying(() => this.database.transaction(first), { signal, worthwhile: () => true }).catch(() => undefined);
  }

  async handle(_refs: string[], tx: Tx): Promise<void> {
    await this.actions.makeMonths(tx);
    await this.#setIn(tx, dailySeconds);
  }

  #setIn(tx: Tx, seconds: number): Promise<void> {
    return this.timers.set(tx, [{ kind: monthsTimer, ref: 'actions', dueAt: { seconds } }]);
  }
}
