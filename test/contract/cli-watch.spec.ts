import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { problem } from '#contracts';
import { newId } from '#platform';
import { root } from '../../tools/world/place.js';
import { scratchFolder } from '../support/scratch.js';

jest.setTimeout(60_000);

const [there, decided, fresh] = [newId(), newId(), newId()];
const lineOf = (id: string) => ({
  action_id: id, agent_id: 'a-1', headline: `a-1 wants ${id}`, severity: 'high', group: 'dba', stage: 1, state: 'open',
  opened_at: '2026-11-21T22:30:00.000Z', deadline_at: '2026-11-21T23:30:00.000Z',
}); // prettier-ignore

/** What the gate was asked, in its order; a stream with the place that it was asked for. */
const asked: string[] = [];
/** What waits, as each reading of the list finds it. */
const lists = [[there, decided], [there, decided, fresh], [fresh]];
/** What each connection tells before it ends; after the last one the person is not signed in any more. */
const streams = [
  `id: 5\nevent: opened\ndata: ${JSON.stringify({ type: 'opened', id: fresh, version: 1 })}\n\n`,
  `id: 6\nevent: denied\ndata: ${JSON.stringify({ type: 'denied', id: decided, version: 2 })}\n\n` +
    `id: 7\nevent: changed\ndata: ${JSON.stringify({ type: 'changed', id: there, version: 2 })}\n\n`,
];

let server: Server;
const scratch = scratchFolder('watch');

beforeAll(async () => {
  server = createServer((request, response) => {
    const isStream = request.url === '/v1/approvals/stream';
    asked.push(isStream ? `stream ${String(request.headers['last-event-id'] ?? 'from now')}` : 'list');
    if (!isStream) response.end(JSON.stringify({ approvals: lists.shift()?.map(lineOf) }));
    else if (streams.length > 0) response.end(streams.shift());
    else response.writeHead(401).end(JSON.stringify(problem('token_invalid')));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  scratch.remove();
});

it('approvals watch says what waits, comes and goes, and goes on behind a broken connection where it was', async () => {
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const home = join(scratch.dir, 'home');
  mkdirSync(home);
  const tokens = { [url]: { token: 'a-token', expires_at: Math.floor(Date.now() / 1_000) + 600 } };
  writeFileSync(join(home, 'dana.json'), JSON.stringify({ issuer: url, subject: 'dana', tokens }), { mode: 0o600 });
  const names = ['registry', 'intake', 'policy', 'approvals', 'credentials', 'notifier', 'audit'];
  const services = Object.fromEntries(names.map((name) => [name, url]));
  writeFileSync(join(scratch.dir, 'cli.json'), JSON.stringify({ issuer: url, client_id: 'cli', services }));
  const env = {
    PATH: process.env['PATH'], SALLYPORT_CLI_CONFIG: join(scratch.dir, 'cli.json'), SALLYPORT_CLI_HOME: home, SALLYPORT_CLI_PROFILE: 'dana',
  }; // prettier-ignore

  const ended = await new Promise<{ code: number; said: string[] }>((resolve) => {
    const command = [join(root, 'bin/sallyport.mjs'), 'approvals', 'watch'];
    execFile(process.execPath, command, { env, timeout: 30_000 }, (error, stdout) => {
      const said = stdout.trimEnd().split('\n');
      resolve({ code: Number(error?.code ?? 0), said: said.map((line) => line.split(/\s+/u).slice(0, 2).join(' ')) });
    });
  });

  expect(ended).toEqual({
    code: 4,
    said: [`waits ${there}`, `waits ${decided}`, `opened ${fresh}`, `denied ${decided}`, `gone ${there}`],
  });
  // The list is read behind the first connection: what changed before it would be told to nobody.
  expect(asked).toEqual(['stream from now', 'list', 'list', 'stream 5', 'list', 'stream 7']);
});
