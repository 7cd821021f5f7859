import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { backoff, Log, Shutdown } from '#platform';
import { channelKey, MessageStore, type Claimed } from '../io/message.store.js';
import { AttemptMessage } from './attempt-message.js';

const idleMs = 500;
const atOnce = 16;
const patience = { firstMs: 1_000, longestMs: 300_000 };

/** Sends what was written down. No last attempt: a message waits for its channel, and the channel's state says so. */
@Injectable()
export class SendMessages implements OnApplicationBootstrap {
  private running: Promise<void> = Promise.resolve();
  /** Attempts that have not ended, and the channel of each. */
  private readonly underWay = new Map<Promise<void>, string>();

  constructor(
    private readonly messages: MessageStore,
    private readonly attempt: AttemptMessage,
    private readonly log: Log,
    private readonly shutdown: Shutdown,
  ) {}

  onApplicationBootstrap(): void {
    this.running = this.loop();
    this.shutdown.at('timers', 'messages', async () => {
      await this.running;
      await Promise.all(this.underWay.keys());
      this.attempt.close();
    });
  }

  /**
   * Claims what is due and begins to send it. Channels that still answer the last one are left out and nobody is waited
   * for, so that one dead receiver delays no other. Gives the attempts that began; none of them rejects.
   */
  async begin(): Promise<Promise<void>[]> {
    const room = atOnce - this.underWay.size;
    if (room <= 0) return [];
    const claimed = await this.messages.claim(room, [...this.underWay.values()]);
    return claimed.map((message) => this.track(message));
  }

  private async loop(): Promise<void> {
    await this.attempt.ready;
    while (!this.shutdown.signal.aborted) {
      const begun = await this.begin().catch((error: unknown) => {
        this.log.warn('messages.waiting', { error });
        return [];
      });
      if (begun.length === 0) await Promise.race([pause(idleMs, this.shutdown.signal), ...this.underWay.keys()]);
    }
  }

  private track(message: Claimed): Promise<void> {
    const attempt = this.deliver(message)
      .catch((error: unknown) => {
        this.log.warn('messages.waiting', { error });
      })
      .finally(() => this.underWay.delete(attempt));
    this.underWay.set(attempt, channelKey(message));
    return attempt;
  }

  private async deliver(message: Claimed): Promise<void> {
    const delivery = await this.attempt.handle(message);
    if (delivery.ok) return this.messages.sent(message);
    const { group, channel, attempts } = message;
    this.log.warn('message.failed', {
      ref: group,
      channel,
      kind: message.kind,
      attempt: attempts,
      why: delivery.error,
    });
    return this.messages.failed(message, delivery.error, delivery.gone === true ? null : backoff(attempts, patience));
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    signal.addEventListener('abort', wake, { once: true });
  });
}
