import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Log, Readiness, Shutdown } from '#platform';
import { SignCheckpoint } from './sign-checkpoint.js';

/** In seconds. */
export class CheckpointPeriod {
  constructor(readonly seconds: number) {}
}

/** Signs a grown log every so many seconds. A log that must not sign makes the service unready, because its promise is broken. */
@Injectable()
export class KeepSigning implements OnModuleInit {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private trouble: string | undefined = 'no checkpoint yet';

  constructor(
    private readonly sign: SignCheckpoint,
    private readonly every: CheckpointPeriod,
    private readonly log: Log,
    private readonly readiness: Readiness,
    private readonly shutdown: Shutdown,
  ) {}

  onModuleInit(): void {
    this.readiness.register('checkpoint', () =>
      Promise.resolve({ ok: this.trouble === undefined, detail: this.trouble ?? 'signed' }),
    );
    this.timer = setInterval(() => {
      this.running = this.running.then(() => this.once());
    }, this.every.seconds * 1_000);
    this.shutdown.at('timers', 'checkpoints', async () => {
      clearInterval(this.timer);
      await this.running;
    });
  }

  private async once(): Promise<void> {
    try {
      const outcome = await this.sign.handle();
      this.trouble =
        outcome === 'log_shrank' ? 'the database is older than the last checkpoint: set a new log name' : undefined;
    } catch (error) {
      this.trouble = 'the database does not answer';
      this.log.warn('checkpoint.failed', { error });
    }
  }
}
