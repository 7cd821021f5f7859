import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { RegistryCopy } from '#facts';
import { backoff, Log, Shutdown } from '#platform';
import { mailText, subjectOf, webhookBody, type Told } from '../core/message.js';
import type { Delivery } from '../io/delivery.js';
import { MailDoor } from '../io/mail.js';
import { MessageStore, type Claimed } from '../io/message.store.js';
import { Secrets } from '../io/secrets.js';
import { callWebhook } from '../io/webhook.js';

const idleMs = 250;
const atOnce = 16;
const patience = { firstMs: 1_000, longestMs: 300_000 };

/** Sends what was written down. No last attempt: a message waits for its channel, and the channel's state says so. */
@Injectable()
export class SendMessages implements OnApplicationBootstrap {
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly messages: MessageStore,
    private readonly copy: RegistryCopy,
    private readonly mail: MailDoor,
    private readonly secrets: Secrets,
    private readonly log: Log,
    private readonly shutdown: Shutdown,
  ) {}

  onApplicationBootstrap(): void {
    this.running = this.loop();
    this.shutdown.at('timers', 'messages', async () => {
      await this.running;
      this.mail.close();
    });
  }

  /** One round: claims, sends, records. Answers how many were claimed. */
  async round(): Promise<number> {
    const claimed = await this.messages.claim(atOnce);
    await Promise.all(claimed.map((message) => this.deliver(message)));
    return claimed.length;
  }

  private async loop(): Promise<void> {
    await this.copy.ready;
    while (!this.shutdown.signal.aborted) {
      const claimed = await this.round().catch((error: unknown) => {
        this.log.warn('messages.waiting', { error });
        return 0;
      });
      if (claimed === 0) await pause(idleMs, this.shutdown.signal);
    }
  }

  private async deliver(message: Claimed): Promise<void> {
    const delivery = await this.attempt(message);
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

  private async attempt(message: Claimed): Promise<Delivery> {
    const channel = this.copy.get('groups', message.group)?.spec.channel;
    const told = toldOf(message);
    if (message.channel === 'mail') {
      if (channel?.mail === undefined)
        return { ok: false, error: 'the group has no mail address any more', gone: true };
      const { id, createdAt: at } = message;
      return this.mail.send({ id, to: channel.mail, subject: subjectOf(told), text: mailText(told), at });
    }
    if (channel?.webhook === undefined) return { ok: false, error: 'the group has no webhook any more', gone: true };
    const [url, key] = await Promise.all([
      this.secrets.read(channel.webhook.url_secret),
      this.secrets.read(channel.webhook.key_secret),
    ]);
    if (url === undefined || key === undefined) return { ok: false, error: 'a secret of the webhook is missing' };
    return callWebhook({ id: message.id, url, key, body: webhookBody(told, message.createdAt.toISOString()) });
  }
}

function toldOf({ kind, actionId, headline, severity, code, deadlineAt, reviewId }: Claimed): Told {
  return {
    kind,
    actionId,
    headline: headline ?? `action ${actionId}`,
    severity: severity ?? 'medium',
    code: code ?? undefined,
    deadlineAt: deadlineAt?.toISOString(),
    reviewId: reviewId ?? undefined,
  };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => { clearTimeout(timer); resolve(); }, { once: true }); // prettier-ignore
  });
}
