import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { topics } from '#contracts';
import { serviceNames } from '#platform';
import type { ActionStatus, Asked, Lease, Ticket } from '#sdk';
import { keysOfServices, signServiceToken } from '#trust';
import pg from 'pg';
import { Bus } from '../support/bus.js';
import { isHome } from '../support/canaries.js';
import { dumpOf } from '../support/dump.js';
import { eventually } from '../support/eventually.js';
import { RoleTarget, roleRefund } from '../support/role-target.js';
import { Leaving } from '../support/leaving.js';
import { Rotation } from '../support/rotation.js';
import { refund, RunningGate } from '../support/running-gate.js';
import { scratchFolder } from '../support/scratch.js';
import { SecretScan, type Leak } from '../support/secret-scan.js';

/*
 * Every secret that a run makes is looked for in everything that the gate leaves behind: Kafka's data folder, each row of
 * each table, and all logs. The debug level is on, so that the logs hold as much as they ever can.
 */

let gate: RunningGate;
let bus: Bus;
const leaving = new Leaving();
const scratch = leaving.add(scratchFolder('canary'), (folder) => folder.remove());
const scan = new SecretScan();
const plainFetch = globalThis.fetch;

beforeAll(async () => {
  const settings = serviceNames.map((name) => [name, { SALLYPORT_LOG_LEVEL: 'debug' }] as const);
  globalThis.fetch = listening;
  gate = leaving.add(
    await RunningGate.start({ dir: scratch.dir, agents: 2, services: Object.fromEntries(settings) }),
    (one) => one.stop(),
  );
  bus = leaving.add(await Bus.connect(gate.brokers), (one) => one.stop());
  await RoleTarget.install(gate);
}, 180_000);

afterAll(async () => {
  globalThis.fetch = plainFetch;
  await leaving.all();
}, 90_000);

/** What agents and people send along is a secret as well: a proof can be shown again within its minute, a token longer. */
const listening: typeof fetch = (input, init) => {
  const headers = new Headers(init?.headers);
  for (const name of ['dpop', 'authorization']) {
    const value = headers.get(name)?.replace(/^(?:Bearer|DPoP) /u, '');
    if (value !== undefined) scan.add(`${name} headers`, signatureOf(value));
  }
  const { id_token } = signInOf(init?.body);
  if (id_token !== undefined) scan.add('sign-ins that people register keys with', signatureOf(id_token));
  return plainFetch(input, init);
};

function signInOf(body: unknown): { id_token?: string } {
  return typeof body === 'string' && body.includes('"id_token"') ? (JSON.parse(body) as { id_token: string }) : {};
}

/** Of a JWS the signature is what makes it valid. The rest may be known. */
const signatureOf = (jws: string): string => jws.split('.')[2] ?? jws;

function privateParts(text: string): string[] {
  return [...text.matchAll(/"d"\s*:\s*"([A-Za-z0-9_-]{20,})"/gu)].map(([, d]) => d ?? '');
}

function addFiles(): void {
  const secrets = join(scratch.dir, 'secrets');
  for (const name of readdirSync(secrets).filter((file) => file.endsWith('.password')))
    scan.add('passwords of the services', readFileSync(join(secrets, name), 'utf8').trim());
  const keys = readdirSync(join(secrets, 'keys')).filter((file) => file.endsWith('.keys.json'));
  const sealing = readFileSync(join(secrets, 'keys', 'credentials.keys.json'), 'utf8');
  scan.add('the key that sign-ins are sealed with', /"seal_keys?": \[?\s*"([\w-]{43})"/u.exec(sealing)?.[1] ?? '');
  scan.add('private keys of the services', ...keys.flatMap((name) => privateParts(readFileSync(join(secrets, 'keys', name), 'utf8')))); // prettier-ignore
  for (const { signing, encryption } of gate.agents)
    scan.add('private keys of the agents', ...privateParts(JSON.stringify([signing, encryption])));
}

/** An action that has come as far as an offer, or as the people who decide. */
async function begin(asked: Asked): Promise<{ ticket: Ticket; first: ActionStatus }> {
  const { sdk } = gate.agent(0);
  const ticket = await sdk.ask(asked);
  return {
    ticket,
    first: await sdk.wait(ticket, { until: ({ state }) => state === 'pending' || state === 'offered' }),
  };
}

async function redeem(ticket: Ticket): Promise<Lease> {
  const { sdk } = gate.agent(0);
  const { lease: offer } = await sdk.wait(ticket);
  if (offer === undefined) throw new Error('no lease');
  return sdk.redeem(ticket, offer);
}

/** Uses a lease and ends it; every secret of it is noted. */
async function finish(ticket: Ticket, lease: Lease): Promise<void> {
  const { credential } = lease;
  if (credential.kind === 'postgres') scan.add('passwords of roles', credential.password);
  if (credential.kind === 'token') {
    scan.add('action tokens', signatureOf(credential.token));
    const used = lease.authorize('POST', `${gate.toolUrl}/refunds`);
    scan.add('proofs for tools', signatureOf(used.dpop));
    await gate.tool.consume(credential.token, used.dpop, { htm: 'POST', htu: `${gate.toolUrl}/refunds` });
  }
  await lease.complete();
  await gate.agent(0).sdk.wait(ticket, { until: ({ state }) => state === 'ended' });
}

/** One action from the request to its end. */
async function live(asked: Asked): Promise<void> {
  const { ticket, first } = await begin(asked);
  if (first.state === 'pending') await gate.approved('fiona', ticket.actionId);
  await finish(ticket, await redeem(ticket));
}

/** The whole folder but the homes of secrets: Kafka, both databases and their logs, the logs of all services; then what runs, and a dump. */
async function leaks(): Promise<Leak[]> {
  const { dir } = scratch;
  const files = scan.inFolder(dir, (file) => isHome(relative(dir, file)));
  const rows = (await dumpOf(gate.world.adminUrl)).flatMap(({ table, bytes }) => scan.inBytes(bytes, table));
  return [...files, ...scan.inProcesses(dir), ...rows];
}

/** Asks, redeems, uses and ends for as long as something else goes on. */
async function livingOn(during: () => Promise<void>): Promise<{ lived: number; failures: unknown[] }> {
  const seen = { lived: 0, failures: [] as unknown[] };
  const over = new AbortController();
  const living = (async () => {
    while (!over.signal.aborted) {
      await live(refund(1_000)).catch((failure: unknown) => seen.failures.push(failure));
      seen.lived += 1;
    }
  })();
  await during().finally(() => {
    over.abort();
  });
  await living;
  return seen;
}

/** What policy answers to a call by the old key of approvals. */
async function callWithOldKey({ before }: Rotation): Promise<number> {
  const url = gate.world.serviceUrl('policy');
  const keyring = before.get('approvals');
  const authorization = `Bearer ${keyring === undefined ? '' : signServiceToken(keyring, { aud: url })}`;
  return (await plainFetch(`${url}/v1/judgements`, { method: 'POST', headers: { authorization } })).status;
}

it('every key of every service is changed under way: nothing is refused, old evidence counts, and the old keys are of no use', async () => {
  addFiles();
  const rotation = new Rotation(gate);
  const [forPeople, offered, stolen, held] = await Promise.all([refund(10_000), refund(1_000), refund(1_100), refund(1_200)].map(begin)); // prettier-ignore
  if (!forPeople || !offered || !stolen || !held) throw new Error('not all were asked');
  const inUse = await redeem(held.ticket);
  const { lived, failures } = await livingOn(async () => {
    await rotation.add();
    await rotation.use();
    await live(refund(900));
    expect(await callWithOldKey(rotation)).toBe(400);
    await rotation.retire();
  });
  expect(failures).toEqual([]);
  expect(lived).toBeGreaterThan(0);
  expect(rotation.keys.length).toBe(Object.values(keysOfServices).flat().length);
  await eventually(async () => {
    expect(await callWithOldKey(rotation)).toBe(401);
  });
  // Asked, judged, offered and released under the old keys.
  await gate.approved('fiona', forPeople.ticket.actionId);
  await finish(forPeople.ticket, await redeem(forPeople.ticket));
  await finish(offered.ticket, await redeem(offered.ticket));
  await finish(held.ticket, inUse);
  await rotation.remove('policy', 'verdict');
  await expect(redeem(stolen.ticket)).rejects.toMatchObject({ code: 'evidence_invalid' });
}, 120_000);

it('no secret is in Kafka, in a table, or in a log', async () => {
  addFiles();
  for (const asked of [refund(1_000), refund(10_000), roleRefund(300)]) await live(asked);
  const names = ['authorization headers', 'dpop headers', 'passwords of the services', 'private keys of the services', 'private keys of the agents', 'passwords of roles', 'action tokens', 'proofs for tools', 'sign-ins that people register keys with', 'the key that sign-ins are sealed with']; // prettier-ignore
  expect([...scan.known.keys()].sort()).toStrictEqual([...names].sort());
  console.info([...scan.known].map(([name, count]) => `${count} ${name}`).join('\n'));
  expect(await leaks()).toStrictEqual([]);
}, 120_000);

it('finds a secret that was planted, in each of these places, and inside base64', async () => {
  const planted = new Map(['record', 'row', 'column of bytes', 'log', 'target log', 'base64', 'gzip', 'arguments', 'environment'].map((name) => [name, `planted-${crypto.randomUUID()}`])); // prettier-ignore
  for (const [name, value] of planted) scan.add(name, value);
  const secret = (name: string): string => planted.get(name) ?? '';
  const base64 = Buffer.from(JSON.stringify({ secret: secret('base64') })).toString('base64');
  await bus.send(topics.deadLetters, [
    { key: 'canary', headers: {}, value: JSON.stringify({ a: secret('record') }) },
    { key: 'canary', headers: {}, value: base64 },
  ]);
  appendFileSync(gate.world.logFile('policy'), `${secret('log')}\n`);
  appendFileSync(gate.world.logFile('approvals'), gzipSync(secret('gzip')));
  appendFileSync(gate.world.logFile('target'), `${secret('target log')}\n`);
  const env = { FOLDER: scratch.dir, LEAK: secret('environment') };
  const child = spawn('/bin/sh', ['-c', 'read line', secret('arguments')], {
    env,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const client = new pg.Client({ connectionString: gate.world.adminUrl });
  await client.connect();
  const columns = '(subject, seq, type, leaf, hash)';
  await client.query('INSERT INTO notifier.channel_states (group_id, channel, last_error) VALUES ($1, $2, $3)', ['canary', 'mail', secret('row')]); // prettier-ignore
  await client.query(`INSERT INTO audit.leaves ${columns} VALUES ('canary', 1000000, 'canary', '', $1)`, [Buffer.alloc(32)]); // prettier-ignore
  await client.query('INSERT INTO audit.leaf_values (seq, value, salt) VALUES (1000000, $1, $2)', [Buffer.from(secret('column of bytes')), Buffer.alloc(32)]); // prettier-ignore
  await client.end();
  await eventually(async () => {
    const found = new Set((await leaks()).map((leak) => leak.secret));
    for (const name of planted.keys()) expect([...found]).toContain(name);
  });
  child.stdin.end();
  await once(child, 'exit');
}, 120_000);
