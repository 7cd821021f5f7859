import { Webhook } from 'standardwebhooks';
import { failure, timeoutMs, type Delivery } from './delivery.js';

export interface WebhookCall {
  /** Of the message's row: `webhook-id`, the same on every attempt. */
  id: string;
  url: string;
  /** `whsec_<base64>` or base64. */
  key: string;
  body: string;
}

/** Standard Webhooks 1.0: signed, thin, redirects are failures, 410 means no more. */
export class WebhookDoor {
  /** @param withinMs how long one call may take */
  constructor(private readonly withinMs = timeoutMs) {}

  async send({ id, url, key, body }: WebhookCall): Promise<Delivery> {
    try {
      const now = new Date();
      const headers = {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
        'webhook-signature': new Webhook(key).sign(id, now, body),
      };
      const answer = await fetch(url, {
        method: 'POST',
        headers,
        body,
        redirect: 'manual',
        signal: AbortSignal.timeout(this.withinMs),
      });
      await answer.body?.cancel();
      if (answer.ok) return { ok: true };
      return { ok: false, error: `HTTP ${String(answer.status)}`, gone: answer.status === 410 };
    } catch (error) {
      return failure(error);
    }
  }
}
