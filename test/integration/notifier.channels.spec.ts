import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Shutdown } from '#platform';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';
import { Webhook } from 'standardwebhooks';
import { personRecipient, type Channel } from '#contracts';
import { AttemptMessage } from '../../apps/notifier/src/handlers/attempt-message.js';
import { ListChannels, type ChannelLine } from '../../apps/notifier/src/handlers/list-channels.js';
import { SendMessages } from '../../apps/notifier/src/handlers/send-messages.js';
import { MailDoor } from '../../apps/notifier/src/io/mail.js';
import { RequestLinks } from '../../apps/notifier/src/io/request-links.js';
import { Secrets } from '../../apps/notifier/src/io/secrets.js';
import { WebhookDoor } from '../../apps/notifier/src/io/webhook.js';
import { freePorts } from '../../tools/world/ports.js';
import { eventually } from '../support/eventually.js';
import { scratchFolder } from '../support/scratch.js';
import { Story } from './notifier-story.js';
import { NotifierWorld } from './notifier-world.js';

const key = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const scratch = scratchFolder('channels');
/** A receiver that is slower than this is taken for dead. */
const withinMs = 300;

interface Call {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

let world: NotifierWorld;
let smtp: SMTPServer;
let receiver: Server;
let mails: string[];
/** Mails that are read to their end and whose connection is then broken before the 250. */
let toDrop: number;
let calls: Call[];
/** What the receiver does after it has processed a call. */
let answer: (call: Call, response: ServerResponse) => void;
const doors: MailDoor[] = [];

const ok = (_: Call, response: ServerResponse): void => void response.writeHead(204).end();

jest.setTimeout(30_000);

beforeAll(async () => {
  world = await NotifierWorld.start();
  smtp = new SMTPServer({ authOptional: true, disabledCommands: ['STARTTLS'], onData: takeMail });
  smtp.on('error', () => undefined);
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve));
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const call = { path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString('utf8') };
      calls.push(call);
      answer(call, response);
    });
  });
  await once(receiver.listen(0, '127.0.0.1'), 'listening');
  writeFileSync(join(scratch.dir, 'key'), `${key}\n`);
}, 60_000);

beforeEach(async () => {
  await world.database.query(`DELETE FROM messages`);
  await world.database.query(`DELETE FROM channel_states`);
  [mails, calls, toDrop, answer] = [[], [], 0, ok];
});

afterEach(() => {
  for (const door of doors.splice(0)) door.close();
});

afterAll(async () => {
  receiver.closeAllConnections();
  receiver.close();
  await new Promise<void>((resolve) => {
    smtp.close(resolve);
  });
  await world.end();
  scratch.remove();
});

function takeMail(stream: NodeJS.ReadableStream, session: SMTPServerSession, done: (error?: Error) => void): void {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('end', () => {
    mails.push(Buffer.concat(chunks).toString('utf8'));
    if (mails.length > toDrop) {
      done();
      return;
    }
    for (const connection of smtp.connections as Set<{ session: SMTPServerSession; _socket: { destroy: () => void } }>)
      if (connection.session.id === session.id) connection._socket.destroy();
  });
}

/** One instance that sends. */
function aSender(webhooks = new WebhookDoor(withinMs), shutdown = world.shutdown): SendMessages {
  const { port } = smtp.server.address() as AddressInfo;
  const mail = new MailDoor(`smtp://127.0.0.1:${String(port)}`, 'sallyport@gate.test.example', 2_000);
  doors.push(mail);
  const links = new RequestLinks('http://127.0.0.1:1');
  const attempt = new AttemptMessage(world.registry.copy, mail, webhooks, new Secrets(scratch.dir), links);
  return new SendMessages(world.messages, attempt, world.log, shutdown);
}

/** A group with a webhook at the receiver; the path is the group's name. */
function aWebhookGroup(id: string, url = `http://127.0.0.1:${String(portOf(receiver))}/${id}`): void {
  writeFileSync(join(scratch.dir, `url-${id}`), url);
  world.group(id, { webhook: { url_secret: `url-${id}`, key_secret: 'key' } });
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

/** Messages to a group, as a slice writes them down. */
async function due(group: string, channel: Channel, count = 1): Promise<void> {
  const stories = Array.from({ length: count }, () => new Story(world));
  for (const story of stories) await world.hear(story.isAccepted());
  await world.database.transaction((tx) =>
    world.messages.add(
      tx,
      stories.map(({ id }) => ({ actionId: id, kind: 'new' as const, group, channel, stage: 1, code: null })),
    ),
  );
}

/** Claims, and waits until each attempt that began has ended. */
async function attempt(sender: SendMessages): Promise<number> {
  const begun = await sender.begin();
  await Promise.all(begun);
  return begun.length;
}

/** As if the pause before the next attempt were over. */
const laterOn = () =>
  world.database.query(`UPDATE messages SET next_attempt_at = clock_timestamp() WHERE state = 'waiting'`);

const rows = () =>
  world.database.query<{ id: string; state: string; attempts: number; last_error: string | null }>(
    'SELECT id, state, attempts, last_error FROM messages',
  );

async function lineOf(group: string): Promise<ChannelLine | undefined> {
  return (await new ListChannels(world.registry.copy, world.messages).handle()).find((line) => line.group === group);
}

const messageIds = () => mails.map((mail) => /^Message-ID: (.+)$/imu.exec(mail)?.[1]?.trim());

describe('mail', () => {
  it('has one Message-ID over all attempts, though the server took it and broke off before it said so', async () => {
    toDrop = 2;
    await due('dba', 'mail');
    const sender = aSender();
    await attempt(sender);
    expect(await lineOf('dba')).toMatchObject({ channel: 'mail', state: 'failing', waiting: 1 });
    await laterOn();
    await attempt(sender);
    await laterOn();
    await attempt(sender);
    const [row, ...others] = await rows();
    expect(others).toEqual([]);
    expect(row).toMatchObject({ state: 'sent', attempts: 3, last_error: null });
    expect(messageIds()).toEqual(Array.from({ length: 3 }, () => `<${row?.id ?? ''}@gate.test.example>`));
    expect(new Set(mails.map(body)).size).toBe(1);
    expect(await lineOf('dba')).toMatchObject({ state: 'ok', waiting: 0 });
  });

  it('waits longer after each failure', async () => {
    toDrop = 2;
    await due('dba', 'mail');
    const sender = aSender();
    const waits: number[] = [];
    for (let i = 0; i < 2; i += 1) {
      await attempt(sender);
      const [row] = await world.database.query<{ left: number }>(
        'SELECT extract(epoch FROM next_attempt_at - clock_timestamp())::float8 AS left FROM messages',
      );
      waits.push(row?.left ?? 0);
      expect(await attempt(sender)).toBe(0);
      await laterOn();
    }
    expect(waits[0]).toBeLessThanOrEqual(1);
    expect(waits[1]).toBeGreaterThan(0.5);
    expect(waits[1]).toBeLessThanOrEqual(2);
  });

  it('goes to one person at the address of their entry, and to no group of that name', async () => {
    world.group('olga', { mail: 'group@example.com' });
    world.person('olga', 'olga@example.com');
    await due(personRecipient('olga'), 'mail');
    await attempt(aSender());
    expect(mails.map((mail) => /^To: (.+)$/imu.exec(mail)?.[1]?.trim())).toEqual(['olga@example.com']);
  });

  it('is dropped, visibly, when the group has no address any more', async () => {
    world.group('leaving', { mail: 'leaving@example.com' });
    await due('leaving', 'mail');
    world.group('leaving', {});
    await attempt(aSender());
    expect(await rows()).toMatchObject([{ state: 'dropped' }]);
    expect(await lineOf('leaving')).toMatchObject({ channel: 'none', state: 'missing' });
    expect(mails).toEqual([]);
  });

  it('to members, one by one, is shown as one channel of their group, as the worst of them is', async () => {
    world.group('pushed', {}, ['mia', 'max']);
    expect(await lineOf('pushed')).toMatchObject({ channel: 'none', state: 'missing' });
    world.person('mia', 'mia@example.com');
    world.person('max', 'max@example.com');
    expect(await lineOf('pushed')).toMatchObject({ channel: 'members', state: 'untried' });
    await due(personRecipient('mia'), 'mail');
    await attempt(aSender());
    toDrop = 2;
    await due(personRecipient('max'), 'mail');
    await attempt(aSender());
    expect(await lineOf('pushed')).toMatchObject({ group: 'pushed', channel: 'members', state: 'failing', waiting: 1 });
  });

  const body = (mail: string): string => mail.slice(mail.indexOf('\r\n\r\n'));
});

describe('webhooks', () => {
  it('have one webhook-id and body over all attempts, though the receiver processed it and never answered', async () => {
    aWebhookGroup('slow');
    answer = (call, response) => {
      if (calls.length > 2) ok(call, response);
    };
    await due('slow', 'webhook');
    const sender = aSender();
    for (let i = 0; i < 3; i += 1) {
      await attempt(sender);
      await laterOn();
    }
    const [row, ...others] = await rows();
    expect(others).toEqual([]);
    expect(row).toMatchObject({ state: 'sent', attempts: 3 });
    expect(calls.map(({ headers }) => headers['webhook-id'])).toEqual([row?.id, row?.id, row?.id]);
    expect(new Set(calls.map(({ body }) => body)).size).toBe(1);
  });

  it('are signed as Standard Webhooks says', async () => {
    aWebhookGroup('signed');
    await due('signed', 'webhook');
    await attempt(aSender());
    const [call] = calls;
    const headers = call?.headers as Record<string, string>;
    expect(new Webhook(key).verify(call?.body ?? '', headers)).toMatchObject({ type: 'sallyport.people.new' });
    const other = new Webhook(Buffer.alloc(32, 8).toString('base64'));
    expect(() => other.verify(call?.body ?? '', headers)).toThrow();
    expect(() => new Webhook(key).verify(`${call?.body ?? ''} `, headers)).toThrow();
  });

  it('follow no redirect: it is a failure', async () => {
    aWebhookGroup('moved');
    answer = ({ path }, response) => {
      if (path === '/moved') response.writeHead(307, { location: '/elsewhere' }).end();
      else response.writeHead(204).end();
    };
    await due('moved', 'webhook');
    await attempt(aSender());
    expect(calls.map(({ path }) => path)).toEqual(['/moved']);
    expect(await rows()).toMatchObject([{ state: 'waiting', last_error: 'HTTP 307' }]);
    expect(await lineOf('moved')).toMatchObject({ state: 'failing', last_error: 'HTTP 307', waiting: 1 });
  });

  it('that are gone (410) are dropped, and the channel is shown as disabled until it works again', async () => {
    aWebhookGroup('gone');
    answer = (_, response) => void response.writeHead(410).end();
    await due('gone', 'webhook');
    const sender = aSender();
    await attempt(sender);
    expect(await rows()).toMatchObject([{ state: 'dropped', attempts: 1 }]);
    expect(await lineOf('gone')).toMatchObject({ state: 'disabled', last_error: 'HTTP 410', waiting: 0 });
    await laterOn();
    expect(await attempt(sender)).toBe(0);
    answer = ok;
    await due('gone', 'webhook');
    await attempt(sender);
    expect(await lineOf('gone')).toMatchObject({ state: 'ok' });
  });

  it('wait while a secret is missing, and name neither address nor key in what operators see', async () => {
    world.group('unset', { webhook: { url_secret: 'nowhere', key_secret: '../key' } });
    const [closed = 0] = await freePorts(1);
    aWebhookGroup('refused', `http://127.0.0.1:${String(closed)}/secret-path`);
    await due('unset', 'webhook');
    await due('refused', 'webhook');
    await attempt(aSender());
    expect(await lineOf('unset')).toMatchObject({ state: 'failing', waiting: 1 });
    expect((await rows()).map(({ last_error }) => last_error).join()).not.toMatch(/secret-path|127\.0\.0\.1|whsec/u);
    expect(world.logged.join('')).not.toMatch(/secret-path|whsec/u);
  });
});

describe('channels side by side', () => {
  it('do not wait for one that does not answer', async () => {
    aWebhookGroup('dead');
    aWebhookGroup('live');
    answer = (call, response) => {
      if (call.path === '/live') ok(call, response);
    };
    await due('dead', 'webhook', 3);
    const sender = aSender();
    const stuck = await sender.begin();
    await due('live', 'webhook', 2);
    const others = await sender.begin();
    expect(others).toHaveLength(2);
    await Promise.all(others);
    expect(calls.filter(({ path }) => path === '/live')).toHaveLength(2);
    expect((await rows()).filter(({ state }) => state === 'sent')).toHaveLength(2);
    expect(stuck).toHaveLength(2);
    await Promise.all(stuck);
  });

  it('are served by the running loop while another one still waits for its answer', async () => {
    aWebhookGroup('dead');
    aWebhookGroup('live');
    const unanswered: ServerResponse[] = [];
    answer = (call, response) => {
      if (call.path === '/live') ok(call, response);
      else unanswered.push(response);
    };
    const shutdown = new Shutdown(world.log);
    const sender = aSender(new WebhookDoor(60_000), shutdown);
    await due('dead', 'webhook');
    world.registry.copy.markReady();
    sender.onApplicationBootstrap();
    await eventually(() => expect(unanswered).toHaveLength(1));
    await due('live', 'webhook');
    const states = async () => (await rows()).map(({ state }) => state).sort();
    await eventually(async () => expect(await states()).toEqual(['sent', 'waiting']));
    for (const response of unanswered) response.writeHead(204).end();
    await eventually(async () => expect(await states()).toEqual(['sent', 'sent']));
    await shutdown.run('spec');
  });

  it('are not hidden behind a great many messages of a dead one', async () => {
    aWebhookGroup('flooded');
    aWebhookGroup('later');
    await due('flooded', 'webhook');
    await world.database.query(
      `INSERT INTO messages (id, action_id, kind, group_id, channel, stage)
       SELECT gen_random_uuid(), action_id, 'new', 'flooded', 'webhook', n FROM messages, generate_series(2, 3000) n`,
    );
    await due('later', 'webhook');
    const claimed = await world.messages.claim(16);
    expect(claimed.map(({ group }) => group).sort()).toEqual(['flooded', 'flooded', 'later']);
  });

  it('are each told once by two instances that send at the same moment', async () => {
    aWebhookGroup('twice');
    await due('twice', 'webhook', 12);
    await due('dba', 'mail', 4);
    const senders = [aSender(), aSender()];
    await eventually(async () => {
      await Promise.all(senders.map((sender) => attempt(sender)));
      expect((await rows()).filter(({ state }) => state !== 'sent')).toEqual([]);
    });
    const ids = calls.map(({ headers }) => headers['webhook-id']);
    expect([ids.length, new Set(ids).size, messageIds().length, new Set(messageIds()).size]).toEqual([12, 12, 4, 4]);
    expect((await rows()).map(({ attempts }) => attempts)).toEqual(Array.from({ length: 16 }, () => 1));
  });

  it('keep the id of a message whose process died with it', async () => {
    aWebhookGroup('orphan');
    await due('orphan', 'webhook');
    const [lost] = await world.messages.claim(16);
    expect(await attempt(aSender())).toBe(0);
    await laterOn();
    await attempt(aSender());
    expect(calls.map(({ headers }) => headers['webhook-id'])).toEqual([lost?.id]);
  });
});
