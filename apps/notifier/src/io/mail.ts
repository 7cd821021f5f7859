import { createTransport, type Transporter } from 'nodemailer';
import { failure, timeoutMs, type Delivery } from './delivery.js';

export interface Mail {
  /** Of the message's row: the Message-ID comes from it, so that a repeated attempt is the same mail. */
  id: string;
  to: string;
  subject: string;
  text: string;
  at: Date;
}

/** SMTP, with pooled connections and a time-out on each step. */
export class MailDoor {
  readonly #transport: Transporter;

  constructor(
    smtpUrl: string,
    private readonly from: string,
    /** How long each step may take. */
    withinMs = timeoutMs,
  ) {
    const times = { connectionTimeout: withinMs, greetingTimeout: withinMs, socketTimeout: withinMs };
    this.#transport = createTransport({ url: smtpUrl, pool: true, maxConnections: 4, ...times });
  }

  async send({ id, to, subject, text, at }: Mail): Promise<Delivery> {
    const domain = this.from.split('@')[1] ?? 'sallyport.invalid';
    const headers = { 'Auto-Submitted': 'auto-generated' };
    try {
      await this.#transport.sendMail({
        from: this.from,
        to,
        subject,
        text,
        date: at,
        messageId: `<${id}@${domain}>`,
        headers,
      });
      return { ok: true };
    } catch (error) {
      return failure(error);
    }
  }

  close(): void {
    this.#transport.close();
  }
}
