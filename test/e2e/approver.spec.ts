import { spawn, execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it, jest } from '@jest/globals';
import type { ActionType, DecisionView } from '#contracts';
import { digestOf } from '#trust';
import type { Asked } from '#sdk';
import type { Person } from '../../tools/demo/actors/person.js';
import { Play } from '../../tools/demo/play.js';
import { Browser, signOut, walk } from '../../tools/demo/actors/sign-in.js';
import { refund } from '../../tools/demo/requests.js';
import { root } from '../../tools/world/place.js';
import { eventually } from '../support/eventually.js';
import { scratchFolder } from '../support/scratch.js';
import { stageForThisFile } from './demo-stage.js';

/* An approver's day, with the command line as it is run by hand against a real OpenID provider. */
jest.setTimeout(120_000);

const staged = stageForThisFile();
const home = scratchFolder('approver');
afterAll(() => {
  home.remove();
});

const program = join(root, 'bin/sallyport.mjs');

function environment(): NodeJS.ProcessEnv {
  const cli = join(staged.stage.dir, 'cli.json');
  return { PATH: process.env['PATH'], SALLYPORT_CLI_CONFIG: cli, SALLYPORT_CLI_HOME: home.dir };
}

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

function sallyport(...args: string[]): Promise<Ended> {
  return new Promise((ended) => {
    execFile(process.execPath, [program, ...args], { env: environment(), timeout: 30_000 }, (error, stdout, stderr) => {
      ended({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, stdout, stderr });
    });
  });
}

/** Signs in with the address that the command prints, in the place of a browser. */
async function login(person: string, browser = new Browser()): Promise<Ended> {
  const child = spawn(process.execPath, [program, '--as', person, 'login'], { env: environment() });
  let [stdout, stderr] = ['', ''];
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const url = new Promise<string>((found) => {
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      const [address] = /http\S+/u.exec(stdout) ?? [];
      if (address !== undefined && stdout.includes('\n', stdout.indexOf(address))) found(address);
    });
  });
  const ended = once(child, 'exit');
  const address = await url;
  const redirect = new URL(address).searchParams.get('redirect_uri') ?? '';
  const answer = await walk(address, { login: person, password: staged.stage.password }, redirect, browser);
  await (await fetch(answer)).text();
  const [code] = (await ended) as [number | null];
  return { code: code ?? -1, stdout, stderr };
}

type Shown = Pick<DecisionView, 'action' | 'exact' | 'secrets' | 'stages' | 'variant'>;

async function shownTo(person: string, id: string): Promise<Shown> {
  const { stdout } = await sallyport('--as', person, '--json', 'approvals', 'show', id);
  return (JSON.parse(stdout) as { decision: Shown }).decision;
}

function approving(person: string, id: string, { stages }: Shown): string[] {
  const confirm = (stages[0]?.confirmations ?? []).flatMap((point) => ['--confirm', point.id]);
  return ['--as', person, 'approvals', 'approve', id, ...confirm, '--reason', 'looked at it'];
}

const iban = 'DE02120300000000202051';
const parts = Array.from({ length: 600 }, (_, n) => ({ article: `article-${String(n)}`, amount_minor: n }));

function refundTo(account: string): Asked {
  const asked = refund(250_000);
  return { ...asked, action: { ...asked.action, properties: { ...asked.action.properties, iban: account, parts } } };
}

/** An account is nobody's business but the bank's: `writeOnly` hides it. And more parts than a person can read, summed up. */
async function letRefundsSayMore(registrar: Person): Promise<void> {
  const type = (await registrar.entry('action-types', 'payment.refund'))?.spec as ActionType;
  const listed = type.properties_schema['properties'] as object;
  const row = { article: { type: 'string' }, amount_minor: { type: 'integer' } };
  const items = { type: 'object', additionalProperties: false, properties: row };
  const more = { iban: { type: 'string', writeOnly: true }, parts: { type: 'array', items } };
  const properties_schema = { ...type.properties_schema, properties: { ...listed, ...more } };
  const summaries = { parts: { first: 2, sums: [{ field: 'amount_minor' }] } };
  await registrar.register('action-types', 'payment.refund', { ...type, properties_schema, summaries });
}

describe('an approver', () => {
  it('signs in, looks, approves what was verified here, though a part of it is hidden from them and another too long to show, and signs out', async () => {
    const signedIn = await login('fiona');
    expect(signedIn).toMatchObject({ code: 0, stderr: '' });
    expect(signedIn.stdout).toMatch(/Signed in as fiona\. You can decide until \d{4}-/u);
    const file = join(home.dir, 'fiona.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const kept = JSON.parse(readFileSync(file, 'utf8')) as { voting_key?: { statement: string } };
    const stated = Buffer.from(kept.voting_key?.statement.split('.')[1] ?? '', 'base64url').toString();
    expect(JSON.parse(stated)).toMatchObject({ iss: staged.stage.issuer, sub: 'fiona', sid: expect.any(String) });

    const play = new Play(staged.stage, () => undefined);
    await letRefundsSayMore(play.person('rita'));
    const agent = await play.agent('refunder');
    const ticket = await eventually(async () => {
      const seen = await agent.askAndSee(refundTo(iban));
      expect(seen.status.state).toBe('pending');
      return seen.ticket;
    });
    const [masked, { decision: digested }] = await Promise.all([
      shownTo('fiona', ticket.actionId),
      play.person('aldo').read(ticket.actionId),
    ]);
    expect([masked, digested].map((view) => view.action.properties['iban'])).toEqual(['••••2051', digestOf(iban)]);
    expect([masked, digested].map((view) => JSON.stringify(view).includes(iban))).toEqual([false, false]);
    const summary = { property: 'parts', rows: 600, digest: digestOf(parts), first: parts.slice(0, 2) };
    expect(masked.action.summaries).toEqual([
      { ...summary, sums: [{ field: 'amount_minor', rows: 600, sum: '179700' }] },
    ]);
    const whole = await sallyport('--as', 'fiona', '--json', 'approvals', 'show', ticket.actionId, '--value', 'parts');
    expect(whole).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(whole.stdout)).toEqual(parts);
    const approve = approving('fiona', ticket.actionId, masked);
    expect(await sallyport(...approve)).toMatchObject({ code: 0, stdout: expect.stringContaining('Approved') });
    expect((await agent.redeem(ticket)).credential.kind).toBe('token');
    await play.end();

    expect(await sallyport('--as', 'fiona', 'logout')).toMatchObject({ code: 0, stdout: 'Signed out.\n', stderr: '' });
    expect((await sallyport(...approve)).code).toBe(4);
  });

  it('who signs out at their provider decides nothing any more, whatever their machine still has', async () => {
    const browser = new Browser();
    expect((await login('felix', browser)).code).toBe(0);
    const play = new Play(staged.stage, () => undefined);
    const { ticket } = await (await play.agent('refunder')).askAndSee(refund(8_000));
    const approve = approving('felix', ticket.actionId, await shownTo('felix', ticket.actionId));
    await signOut(staged.stage.issuer, browser);
    expect(await sallyport(...approve)).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('the key was ended'),
    });
    await play.end();
  });
});
