import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { backoff, Log, Shutdown } from '#platform';
import { MessageStore, type Claimed } from '../io/message.store.js';
import { AttemptMessage } from './attempt-message.js';

const idleMs = 250;
const atOnce = 16;
const patience = { firstMs: 1_000, longestMs: 300_000 };

/** Sends what was written down. No last attempt: a message waits for its channel, and the channel's state says so. */
@Injectable()
export class SendMessages implements OnApplicationBootstrap {
  private running: Promise<void> = Promise.resolve();

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
      this.attempt.close();
    });
  }

  /** One round: claims, sends, records. Answers how many were claimed. */
  async round(): Promise<number> {
    const claimed = await this.messages.claim(atOnce);
    await Promise.all(claimed.map((message) => this.deliver(message)));
    return claimed.length;
  }

  private async loop(): Promise<void> {
    await this.attempt.ready;
    while (!this.shutdown.signal.aborted) {
      const claimed = await this.round().catch((error: unknown) => {
        this.log.warn('messages.waiting', { error });
        return 0;
      });
      if (claimed === 0) await pause(idleMs, this.shutdown.signal);
    }
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
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => { clearTimeout(timer); resolve(); }, { once: true }); // prettier-ignore
  });
}
