import { spawn, execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { Play } from '../../tools/demo/play.js';
import { walk } from '../../tools/demo/actors/sign-in.js';
import { refund } from '../../tools/demo/requests.js';
import { root } from '../../tools/world/place.js';
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
async function login(person: string): Promise<Ended> {
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
  const answer = await walk(address, { login: person, password: staged.stage.password }, redirect);
  await (await fetch(answer)).text();
  const [code] = (await ended) as [number | null];
  return { code: code ?? -1, stdout, stderr };
}

describe('an approver', () => {
  it('signs in, looks, approves what was verified here, and signs out', async () => {
    const signedIn = await login('fiona');
    expect(signedIn).toMatchObject({ code: 0, stderr: '' });
    expect(signedIn.stdout).toMatch(/Signed in as fiona\. You can decide until \d{4}-/u);
    const file = join(home.dir, 'fiona.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const kept = JSON.parse(readFileSync(file, 'utf8')) as { voting_key?: { statement: string } };
    const stated = Buffer.from(kept.voting_key?.statement.split('.')[1] ?? '', 'base64url').toString();
    expect(JSON.parse(stated)).toMatchObject({ iss: staged.stage.issuer, sub: 'fiona', sid: expect.any(String) });

    const play = new Play(staged.stage, () => undefined);
    const agent = await play.agent('refunder');
    const { ticket } = await agent.askAndSee(refund(250_000));
    const shown = await sallyport('--as', 'fiona', '--json', 'approvals', 'show', ticket.actionId);
    const { decision } = JSON.parse(shown.stdout) as { decision: { stages: { confirmations: { id: string }[] }[] } };
    const confirm = (decision.stages[0]?.confirmations ?? []).flatMap(({ id }) => ['--confirm', id]);
    const approve = ['--as', 'fiona', 'approvals', 'approve', ticket.actionId, ...confirm, '--reason', 'looked at it'];
    expect(await sallyport(...approve)).toMatchObject({ code: 0, stdout: expect.stringContaining('Approved') });
    expect((await agent.sees(ticket, ({ state }) => state === 'offered')).state).toBe('offered');
    await play.end();

    expect(await sallyport('--as', 'fiona', 'logout')).toMatchObject({ code: 0, stdout: 'Signed out.\n', stderr: '' });
    expect((await sallyport(...approve)).code).toBe(4);
  });
});
