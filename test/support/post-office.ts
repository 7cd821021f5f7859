import { once } from 'node:events';
import { SMTPServer } from 'smtp-server';

/** Takes every mail and keeps none: groups have a channel that works, and nothing waits for it. */
export class PostOffice {
  mails = 0;
  readonly #smtp = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    onData: (stream, _, done) => {
      this.mails += 1;
      stream.on('end', done).resume();
    },
  });

  private constructor() {
    // A notifier that is killed in a sentence is no failure of a spec.
    this.#smtp.on('error', () => undefined);
  }

  static async at(port: number): Promise<PostOffice> {
    const office = new PostOffice();
    await once(office.#smtp.listen(port, '127.0.0.1'), 'listening');
    return office;
  }

  close(): void {
    this.#smtp.close();
  }
}
