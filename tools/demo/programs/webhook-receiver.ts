// Takes webhooks whose Standard Webhooks signature verifies, and lists them: `GET /messages`. Others get 401.
import type { IncomingMessage } from 'node:http';
import { Webhook, WebhookVerificationError } from 'standardwebhooks';
import { z } from 'zod';
import { answer, bodyOf, configuration, routes, serve } from './program.js';

interface Call {
  id: string;
  body: unknown;
  at: string;
}

const settings = configuration(z.strictObject({ port: z.int(), key: z.string() }));
const most = 1_000;
const calls: Call[] = [];
let refused = 0;

function verified(request: IncomingMessage, body: string): unknown {
  const headers = Object.fromEntries(
    ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => [name, String(request.headers[name] ?? '')]),
  );
  try {
    return new Webhook(settings.key).verify(body, headers);
  } catch (error) {
    if (error instanceof WebhookVerificationError) return undefined;
    throw error;
  }
}

serve(
  routes({
    'POST /hook': async (request, response) => {
      const body = verified(request, (await bodyOf(request)).toString('utf8'));
      if (body === undefined) {
        refused += 1;
        answer(response, 401, { code: 'signature_invalid' });
        return;
      }
      calls.push({ id: String(request.headers['webhook-id']), body, at: new Date().toISOString() });
      if (calls.length > most) calls.shift();
      answer(response, 200, {});
    },
    'GET /messages': async (_, response) => {
      answer(response, 200, { messages: calls, refused });
    },
  }),
  settings.port,
);
