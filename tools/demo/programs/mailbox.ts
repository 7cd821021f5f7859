// Takes every mail by SMTP and shows it: `GET /` for people, `GET /messages` as JSON. In memory, the newest thousand.
import type { Readable } from 'node:stream';
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { z } from 'zod';
import { answer, configuration, endOnSignals, routes, serve } from './program.js';

interface Mail {
  message_id: string;
  to: string[];
  subject: string;
  text: string;
  at: string;
}

const settings = configuration(z.strictObject({ port: z.int(), smtp_port: z.int() }));
const most = 1_000;
const mails: Mail[] = [];

const smtp = new SMTPServer({
  authOptional: true,
  disabledCommands: ['STARTTLS', 'AUTH'],
  onData: (stream, session, done) => {
    keep(stream, session.envelope.rcptTo.map(({ address }) => address)).then(
      () => { done(); },
      (error: unknown) => { done(error instanceof Error ? error : new Error('unreadable')); },
    );
  },
}); // prettier-ignore

async function keep(stream: Readable, to: string[]): Promise<void> {
  const { messageId = '', subject = '', text = '' } = await simpleParser(stream);
  mails.push({ message_id: messageId, to, subject, text, at: new Date().toISOString() });
  if (mails.length > most) mails.shift();
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

smtp.listen(settings.smtp_port, '127.0.0.1');
serve(
  routes({
    'GET /messages': async (_, response) => {
      answer(response, 200, { messages: mails });
    },
    'GET /': async (_, response) => {
      const rows = mails
        .toReversed()
        .map((mail) => `<article><h2>${escaped(mail.subject)}</h2><p>${escaped(mail.to.join(', '))}, ${mail.at}</p><pre>${escaped(mail.text)}</pre></article>`); // prettier-ignore
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
      response.end(
        `<!doctype html><html lang="en"><title>Mailbox</title><h1>${mails.length} mails</h1>${rows.join('')}`,
      );
    },
  }),
  settings.port,
);
endOnSignals(() => {
  smtp.close();
});
