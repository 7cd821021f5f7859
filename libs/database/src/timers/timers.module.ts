import { Module, type DynamicModule, type OnApplicationBootstrap, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { Log, Shutdown } from '#platform';
import { Database } from '../database.js';
import type { Tx } from '../tx.js';
import { TimerLoop } from './timer-loop.js';

/** Acts on what has become due, in the transaction that took the timers out: set-based, like every handler. */
export interface TimerHandler {
  /** Up to 500 refs of one kind, the longest due first. Throws a retryable Fault to wait; any other error is blamed on a single ref by halving. */
  handle(refs: string[], tx: Tx): Promise<void>;
}

export interface TimerRoute {
  kind: string;
  /** A provider of the service's own module. */
  handler: Type<TimerHandler>;
  /**
   * Thousands may be due at once, and no harm comes of one that happens late: they are taken in small batches with rests between, so that what others
   * ask for does not stand behind all of them.
   */
  paced?: true;
}

class TimerRoutes {
  constructor(readonly list: TimerRoute[]) {}
}

/** Runs one loop per process over the kinds that the service names. */
@Module({})
export class TimersModule implements OnApplicationBootstrap {
  constructor(
    private readonly routes: TimerRoutes,
    private readonly database: Database,
    private readonly log: Log,
    private readonly shutdown: Shutdown,
    private readonly modules: ModuleRef,
  ) {}

  static forHandlers(routes: TimerRoute[]): DynamicModule {
    return { module: TimersModule, providers: [{ provide: TimerRoutes, useValue: new TimerRoutes(routes) }] };
  }

  onApplicationBootstrap(): void {
    const handlers = new Map(
      this.routes.list.map(({ kind, handler }) => [kind, this.modules.get<TimerHandler>(handler, { strict: false })]),
    );
    const loop = new TimerLoop(this.database, handlers, this.log, this.paced());
    loop.start();
    this.shutdown.at('timers', 'timers', () => loop.stop());
  }

  private paced(): Set<string> {
    return new Set(this.routes.list.filter(({ paced }) => paced).map(({ kind }) => kind));
  }
}
