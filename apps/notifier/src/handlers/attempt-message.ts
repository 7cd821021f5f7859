import { Injectable } from '@nestjs/common';
import { RegistryCopy } from '#facts';
import { mailText, subjectOf, webhookBody, type Told } from '../core/message.js';
import { personIn } from '#contracts';
import type { Delivery } from '../io/delivery.js';
import { MailDoor } from '../io/mail.js';
import type { Claimed } from '../io/message.store.js';
import { RequestLinks } from '../io/request-links.js';
import { Secrets } from '../io/secrets.js';
import { WebhookDoor } from '../io/webhook.js';

/** One attempt to tell one group, or person, on one channel, at the address that it has at this moment. */
@Injectable()
export class AttemptMessage {
  constructor(
    private readonly copy: RegistryCopy,
    private readonly mail: MailDoor,
    private readonly webhooks: WebhookDoor,
    private readonly secrets: Secrets,
    private readonly links: RequestLinks,
  ) {}

  /** Resolves when the addresses of all groups are known. */
  get ready(): Promise<void> {
    return this.copy.ready;
  }

  close(): void {
    this.mail.close();
  }

  async handle(message: Claimed): Promise<Delivery> {
    return message.channel === 'mail' ? this.byMail(message) : this.byWebhook(message);
  }

  private async byMail({ id, group, createdAt: at, ...message }: Claimed): Promise<Delivery> {
    const to = this.mailOf(group);
    if (to === undefined) return { ok: false, error: 'there is no mail address any more', gone: true };
    const told = { ...toldOf(message), link: this.links.to(message.actionId) };
    return this.mail.send({ id, to, subject: subjectOf(told), text: mailText(told), at });
  }

  private mailOf(recipient: string): string | undefined {
    const person = personIn(recipient);
    if (person !== undefined) return this.copy.get('people', person)?.spec.mail;
    return this.copy.get('groups', recipient)?.spec.channel.mail;
  }

  private async byWebhook({ id, group, createdAt, ...message }: Claimed): Promise<Delivery> {
    const webhook = this.copy.get('groups', group)?.spec.channel.webhook;
    if (webhook === undefined) return { ok: false, error: 'the group has no webhook any more', gone: true };
    const [url, key] = await Promise.all([
      this.secrets.read(webhook.url_secret),
      this.secrets.read(webhook.key_secret),
    ]);
    if (url === undefined || key === undefined) return { ok: false, error: 'a secret of the webhook is missing' };
    const told = { ...toldOf(message), link: this.links.to(message.actionId) };
    return this.webhooks.send({ id, url, key, body: webhookBody(told, createdAt.toISOString()) });
  }
}

function toldOf(message: Omit<Claimed, 'id' | 'group' | 'createdAt'>): Omit<Told, 'link'> {
  const { kind, actionId, headline, severity, code, deadlineAt, reviewId } = message;
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
