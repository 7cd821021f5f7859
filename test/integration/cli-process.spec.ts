import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { delegateBody, problem, voteBody, type ApprovalAnswer, type EvidenceAnswer, type Problem } from '#contracts';
import {
  generatePrivateJwk, readDelegation, readPersonKey, readSignedVote, signingKey, signPersonKey, viewDigest, type PrivateJwk, type SigningKey,
} from '#trust'; // prettier-ignore
import { shortView } from '../../apps/cli/src/core/show-approval.js';
import { scratchFolder } from '../support/scratch.js';
import { aGate, type TestGate } from '../support/gate.js';
import { expectWords, type Ended } from '../contract/cli-said.js';
import { gateId, stories, StoryWorld } from '../contract/cli-stories.js';
import { PlayedGate, runCli, type Answer, type Received } from '../contract/played-gate.js';

const names = ['registry', 'intake', 'policy', 'approvals', 'credentials', 'notifier', 'audit'];
const startMs = 30_000;
jest.setTimeout(2 * startMs);
/** Nothing listens here. */
const deaf = 'http://127.0.0.1:9';

let scratch: ReturnType<typeof scratchFolder>;
const played = new PlayedGate();
let shown: ApprovalAnswer;
let evidence: EvidenceAnswer;
let gate: TestGate;
let key: SigningKey;
let ownKey: PrivateJwk;

const refusing = (body: Problem, headers?: Record<string, string>): Answer => ({
  status: body.status,
  body,
  ...(headers && { headers }),
});
const votes = (): Received[] => played.posts();

beforeAll(async () => {
  const world = await StoryWorld.open();
  const { agent, asked } = stories['database-change'];
  shown = world.answerTo(agent, asked);
  gate = aGate(gateId);
  evidence = world.evidenceOf(agent, asked, gate);
  ownKey = generatePrivateJwk('P-256');
  key = signingKey(ownKey);
  scratch = scratchFolder('cli');
  await played.start();
}, startMs);

afterAll(async () => {
  await played.stop();
  scratch.remove();
  gate.remove();
});

beforeEach(() => {
  played.received = [];
  played.answers = (path) =>
    path.startsWith('GET')
      ? looking(path)
      : { status: 201, body: { action_id: shown.decision.action_id, state: 'granted', stage: 1 } };
  signIn();
});
afterEach(() => {
  expect(played.received.every(({ headers }) => headers.authorization === 'Bearer token-for-this-service')).toBe(true);
});

const looking = (path: string): Answer => ({ status: 200, body: path.endsWith('/evidence') ? evidence : shown });

/** Signed in with a token that is good for one service only. */
function signIn(mode = 0o600, more: { until?: number; trust_file?: string | undefined } = {}): void {
  const home = join(scratch.dir, 'home');
  mkdirSync(home, { recursive: true });
  const token = { token: 'token-for-this-service', expires_at: Math.floor(Date.now() / 1_000) + 600 };
  const until = more.until ?? Math.floor(Date.now() / 1_000) + 600;
  const said = { thumbprint: key.kid, iss: deaf, sub: 'dana', until };
  const voting_key = { jwk: ownKey, ...said, statement: signPersonKey(gate.keyring('credentials'), said) };
  const session = {
    issuer: 'http://127.0.0.1:9',
    subject: 'dana',
    tokens: { [played.url]: token, [deaf]: token },
    voting_key,
  };
  writeFileSync(join(home, `dana-${String(mode)}.json`), JSON.stringify(session), { mode });
  const services = Object.fromEntries(names.map((name) => [name, played.url]));
  const settings = { issuer: 'http://127.0.0.1:9', client_id: 'cli', services, trust_file: gate.trustFile, ...more };
  writeFileSync(join(scratch.dir, 'cli.json'), JSON.stringify(settings));
}

function run(
  args: readonly string[],
  env: Record<string, string | undefined> = {},
  node = process.execPath,
): Promise<Ended> {
  const given = {
    SALLYPORT_CLI_CONFIG: join(scratch.dir, 'cli.json'),
    SALLYPORT_CLI_HOME: join(scratch.dir, 'home'),
    SALLYPORT_CLI_PROFILE: `dana-${String(0o600)}`,
    ...env,
  };
  return runCli(args, given, node);
}

const id = '01938a1e-7c00-7000-8000-000000000001';
const approve = ['approvals', 'approve', id, '--confirm', 'scope', '--reason', 'I looked'];

describe('the exit status', () => {
  it('is 0 for what was done', async () => {
    const ended = await run(['approvals', 'show', id]);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toContain('migrator-1 (run by olga) wants to run this statement');
  });

  it.each<[string, number, Problem, string]>([
    ['a negative result', 1, problem('already_decided'), 'already_decided: This request is already decided'],
    ['a part that does not answer', 3, problem('dependency_unavailable'), 'Again in 7 s.'],
    ['somebody who may not', 4, problem('not_eligible', { why: 'owner' }), '(owner). Somebody else has to decide'],
    ['too late', 5, problem('expired'), 'expired: Too late'],
  ])('is, for %s, %p', async (_, code, body, words) => {
    played.answers = () => refusing(body, { 'retry-after': '7' });
    const ended = await run(['approvals', 'show', id]);
    expect(ended.code).toBe(code);
    expectWords(ended, words);
  });

  it('is 2 for wrong use, in words', async () => {
    for (const args of [['approvals', 'approve', id], ['approve'], ['--as', '..', 'approvals', 'list', '--so']]) {
      const ended = await run(args);
      expect(ended.code).toBe(2);
      expectWords(ended, 'error: ');
    }
  });

  it('is the same under the Node of this machine, which may be older than ours', async () => {
    const folders = (process.env['PATH'] ?? '').split(':').filter((folder) => !folder.includes('node_modules'));
    const theirs = folders.map((folder) => join(folder, 'node')).find((node) => existsSync(node));
    expect(await run(['nonsense'], {}, theirs)).toMatchObject({ code: 2, stdout: '' });
    expect(await run(['--help'], {}, theirs)).toMatchObject({ code: 0, stderr: '' });
  });

  it('is 2 when no gate is configured, and says what to do', async () => {
    const ended = await run(['approvals', 'list'], { SALLYPORT_CLI_CONFIG: undefined });
    expect(ended.code).toBe(2);
    expectWords(ended, 'no gate is configured: run `npm start`');
  });

  it('is 3 when nothing listens, or what answers is no gate', async () => {
    const nobody = await run(['approvals', 'show', id], { SALLYPORT_APPROVALS_URL: deaf });
    expect(nobody.code).toBe(3);
    expectWords(nobody, 'approvals does not answer at http://127.0.0.1:9: is the gate running?');
    for (const answer of [
      { status: 200, body: { hello: 1 } },
      { status: 502, body: 'bad gateway' },
    ]) {
      played.answers = () => answer;
      const ended = await run(['approvals', 'show', id]);
      expect(ended.code).toBe(3);
      expectWords(ended, 'approvals answered');
    }
  });

  it('lists what waits for the caller, with --all what their groups may say no to, and with --like each of a shape', async () => {
    played.answers = () => ({ status: 200, body: { approvals: [] } });
    await run(['approvals', 'list']);
    await run(['approvals', 'list', '--all']);
    await run(['approvals', 'list', '--like', id]);
    expect(played.received.map(({ path }) => path)).toEqual([
      '/v1/approvals?state=open&mine=true',
      '/v1/approvals?state=open',
      `/v1/approvals?state=open&mine=true&like=${id}`,
    ]);
  });

  it('is 4 when nobody is signed in any more, or others can read the sign-in', async () => {
    const nobody = await run(['--as', 'nobody', 'approvals', 'list']);
    expect(nobody.code).toBe(4);
    expectWords(nobody, 'nobody is signed in: sallyport --as nobody login');
    const over = await run(['approvals', 'list'], { SALLYPORT_APPROVALS_URL: 'http://127.0.0.1:10' });
    expect(over.code).toBe(4);
    expectWords(over, 'the session is over: sallyport --as dana-384 login');
    signIn(0o644);
    const open = await run(['--as', `dana-${String(0o644)}`, 'approvals', 'list']);
    expect(open.code).toBe(4);
    expectWords(open, 'can be read by others');
    expect(played.received).toEqual([]);
  });
});

describe('a vote', () => {
  it('names the view that was shown, and nothing that was not said', async () => {
    const ended = await run(approve);
    expect(ended.code).toBe(0);
    expect(ended.stderr).toContain('Written by the agent, not verified:');
    const said = { decision: 'approve', reason: 'I looked', view_digest: shown.view_digest, confirmed: ['scope'] };
    const { proof, person_key, ...body } = voteBody.parse(votes()[0]?.body);
    expect([votes().length, body]).toEqual([1, said]);
    const by = readPersonKey(gate.trust, person_key ?? '');
    const { action_digest, action_id, plan_digest, variant } = shown.decision;
    const about = { gate: gateId, action_id, action_digest, plan_digest, variant };
    expect(by && readSignedVote(proof ?? '', by)).toMatchObject({ ...about, ...said });
  });

  it('is not cast when the gate shows another view than what was asked and judged', async () => {
    const { decision } = shown;
    const lie = { ...decision, headline: 'migrator-1 wants to look at something' };
    const lies: ((path: string) => Answer)[] = [
      // Another text under the true digest, another text under its own, and evidence of something else.
      (path) => (path.endsWith('/evidence') ? looking(path) : { status: 200, body: { ...shown, decision: lie } }),
      (path) =>
        path.endsWith('/evidence')
          ? looking(path)
          : { status: 200, body: { ...shown, decision: lie, view_digest: viewDigest(lie) } },
      (path) =>
        path.endsWith('/evidence')
          ? { status: 200, body: { ...evidence, request: { ...evidence.request, value: '{}' } } }
          : looking(path),
    ];
    for (const one of lies) {
      played.answers = (path) => (path.startsWith('GET') ? one(path) : { status: 201, body: {} });
      const ended = await run(approve);
      expect(ended.code).toBe(1);
      expectWords(ended, 'DO NOT DECIDE');
      expect(votes()).toEqual([]);
    }
  });

  it('is not cast without a living key, or without the keys of the gate to check it with', async () => {
    signIn(0o600, { until: Math.floor(Date.now() / 1_000) - 1 });
    const late = await run(approve);
    expect(late.code).toBe(4);
    expectWords(late, 'your key to sign with is over: sallyport --as dana-384 login');
    signIn(0o600, { trust_file: undefined });
    const blind = await run(approve);
    expect(blind.code).toBe(2);
    expectWords(blind, 'trust.json');
    expect(votes()).toEqual([]);
  });
});

describe('a seat', () => {
  const delegate = ['approvals', 'delegate', id, '--to', 'dimitri', '--reason', 'on leave'];
  const given = { action_id: id, to: 'dimitri', until: '2026-11-21T23:00:00.000Z', stands: true };

  it('is given for exactly the plan that was rendered here, by the person’s own signature', async () => {
    played.answers = (path) => (path.startsWith('GET') ? looking(path) : { status: 200, body: given });
    const ended = await run([...delegate, '--until', '2026-11-21T23:00:00Z']);
    expect([ended.code, ended.stdout.includes(`sallyport approvals undelegate ${id}`)]).toEqual([0, true]);
    const [sent] = votes();
    const { person_key = '', proof = '', ...said } = delegateBody.parse(sent?.body);
    expect([sent?.path, said]).toEqual([`/v1/approvals/${id}/delegate`, { to: 'dimitri', until: given.until, reason: 'on leave' }]);
    const { action_digest, action_id, plan_digest } = shown.decision;
    expect(readDelegation(gate.trust, { delegation: proof, person_key })?.given).toMatchObject({
      gate: gateId, action_id, action_digest, plan_digest, ...said,
    });
  });

  it('is given for the whole time of the request, where no other is named, and had back', async () => {
    played.answers = (path) => (path.startsWith('GET') ? looking(path) : { status: 200, body: { ...given, stands: false } });
    await run(delegate);
    expect(votes()[0]?.body).toMatchObject({ until: shown.progress.deadline_at });
    const back = await run(['approvals', 'undelegate', id]);
    expect([back.code, played.received.at(-1)?.method]).toEqual([0, 'DELETE']);
    expect((await run([...delegate, '--until', 'tomorrow'])).code).toBe(2);
  });
}); // prettier-ignore

describe('a question', () => {
  it('goes to the agent as it was typed', async () => {
    played.answers = () => ({ status: 200, body: { action_id: id, asked_at: '2026-11-21T22:40:00.000Z' } });
    const ended = await run(['approvals', 'ask', id, '--text', 'Which orders?']);
    expect([ended.code, votes().map(({ path, body }) => [path, body])]).toEqual([
      0,
      [[`/v1/approvals/${id}/question`, { text: 'Which orders?' }]],
    ]);
  });
});

describe('signing out', () => {
  it('ends the key where it is known, and removes it from this machine', async () => {
    played.answers = () => ({ status: 200, body: { thumbprint: key.kid, state: 'ended' } });
    expect(await run(['logout'])).toMatchObject({ code: 0, stdout: 'Signed out.\n', stderr: '' });
    expect(votes().map(({ path }) => path)).toEqual([`/v1/person-keys/${key.kid}/end`]);
    expect(existsSync(join(scratch.dir, 'home', 'dana-384.json'))).toBe(false);
    expect((await run(approve)).code).toBe(4);
  });

  it('removes it also when nobody answers, and says so', async () => {
    const ended = await run(['logout'], { SALLYPORT_CREDENTIALS_URL: deaf });
    expect([ended.code, ended.stdout]).toEqual([0, 'Signed out.\n']);
    expect(ended.stderr).toContain('credentials could not be told');
    expect(existsSync(join(scratch.dir, 'home', 'dana-384.json'))).toBe(false);
  });
});

describe('a vote, further', () => {
  it('carries shorter terms where the person asks for them', async () => {
    await run([...approve, '--ttl', '60', '--uses', '1']);
    expect(votes()[0]?.body).toMatchObject({ caps: { ttl_seconds: 60, uses: 1 } });
  });

  it('counts for the view that the person saw before, or not at all', async () => {
    expect((await run([...approve, '--view', shortView(shown.view_digest)])).code).toBe(0);
    played.received = [];
    const ended = await run([...approve, '--view', 'another']);
    expect(ended.code).toBe(1);
    expectWords(ended, 'view_changed');
    expect(votes()).toEqual([]);
  });

  it('that the gate does not take is told, with what to do', async () => {
    played.answers = (path) => (path.startsWith('GET') ? looking(path) : refusing(problem('confirmation_missing')));
    const ended = await run(approve);
    expect(ended.code).toBe(1);
    expectWords(ended, 'confirmation_missing: A point was not confirmed. Confirm every point of the stage, or deny.');
  });

  it('is shown to a person also when a program reads the result', async () => {
    const ended = await run(['--json', ...approve]);
    expect(ended.stderr).toContain('To decide');
    expect(JSON.parse(ended.stdout)).toMatchObject({ state: 'granted' });
  });
});

describe('leases', () => {
  const lease = {
    lease_id: id, action_id: id, agent_id: 'migrator-1', state: 'ending', code: 'stopped', profile: 'orders-ddl', ttl_seconds: 300,
    uses: 1, offer_expires_at: '2026-11-21T22:35:00.000Z', stuck: true,
  }; // prettier-ignore

  it('are asked for as the options say, and what comes next is told beside them', async () => {
    played.answers = () => ({ status: 200, body: { leases: [lease], next: id } });
    const list = ['leases', 'list', '--state', 'ending', '--state', 'active', '--agent', 'migrator-1', '--cursor', id];
    const ended = await run(list);
    expect(played.received.map(({ path }) => path)).toEqual([
      `/v1/leases?state=ending%2Cactive&agent=migrator-1&cursor=${id}`,
    ]);
    expect(ended.code).toBe(0);
    expect(ended.stdout).toContain('ending (stopped), STUCK');
    expect(ended.stderr).toContain(
      `Older ones: sallyport leases list --state ending --state active --agent migrator-1 --cursor ${id}`,
    );
    const json = await run(['--json', 'leases', 'list']);
    expect([JSON.parse(json.stdout), json.stderr]).toEqual([{ leases: [lease], next: id }, '']);
    expect(played.received.at(-1)?.path).toBe('/v1/leases');
  });

  it('in a state that there is none are wrong use, and nobody is asked', async () => {
    const ended = await run(['leases', 'list', '--state', 'gone']);
    expect(ended.code).toBe(2);
    expectWords(ended, 'one of offered, minting');
    expect(played.received).toEqual([]);
  });

  it('are ended with a reason, and the next step is named', async () => {
    played.answers = () => ({ status: 202, body: lease });
    const ended = await run(['leases', 'end', id, '--reason', 'I saw it misused']);
    expect(votes()).toMatchObject([{ path: `/v1/leases/${id}/end`, body: { reason: 'I saw it misused' } }]);
    expect([ended.code, ended.stdout]).toEqual([0, `The lease is being ended. See: sallyport leases show ${id}\n`]);
    expect((await run(['leases', 'end', id])).code).toBe(2);
    played.answers = () => refusing(problem('not_eligible', { why: 'not_in_group' }));
    expect((await run(['leases', 'end', id, '--reason', 'x'])).code).toBe(4);
    played.answers = () => refusing(problem('ended'));
    expect((await run(['leases', 'end', id, '--reason', 'x'])).code).toBe(5);
  });
});

describe('the kill switch', () => {
  const pull = '01975f3a-8000-7b1e-8d2f-3a4b5c6d7e8f';
  const sent = (): unknown[] => played.received.map(({ method, path, body }) => [method, path, body]);

  it('is pulled for everything or for one thing, and the next step is named', async () => {
    played.answers = () => ({ status: 202, body: { id: pull, epoch: 7, live: 15 } });
    const ended = await run(['kill-switch', 'pull', 'agent', 'refunder-1', '--reason', 'odd refunds']);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toContain(`sallyport kill-switch release ${pull}`);
    const json = await run(['--json', 'kill-switch', 'pull', 'global', '--reason', 'a drill']);
    expect(JSON.parse(json.stdout)).toEqual({ id: pull, epoch: 7, live: 15 });
    expect(sent()).toEqual([
      ['POST', '/v1/kill-switch', { scope: 'agent', id: 'refunder-1', reason: 'odd refunds' }],
      ['POST', '/v1/kill-switch', { scope: 'global', reason: 'a drill' }],
    ]);
  });

  it('sends nothing that is half said', async () => {
    for (const args of [
      ['global', 'x', '--reason', 'y'],
      ['agent', '--reason', 'y'],
      ['tenant', 'x', '--reason', 'y'],
      ['global'],
    ]) {
      const ended = await run(['kill-switch', 'pull', ...args]);
      expect(ended.code).toBe(2);
      expectWords(ended, 'error: ');
    }
    expect(played.received).toEqual([]);
  });

  it('is 4 for whoever is no security officer, and 3 while the registry does not answer', async () => {
    played.answers = () => refusing(problem('not_eligible', { why: 'not_in_group' }));
    const denied = await run(['kill-switch', 'pull', 'global', '--reason', 'y']);
    expect(denied.code).toBe(4);
    expectWords(denied, '(not_in_group)');
    played.answers = () => refusing(problem('dependency_unavailable'));
    expect((await run(['kill-switch', 'release', pull, '--reason', 'y'])).code).toBe(3);
  });

  it('is released by two', async () => {
    played.answers = () => ({ status: 202, body: { id: pull, released: false, waits_for: 1 } });
    const ended = await run(['kill-switch', 'release', pull, '--reason', 'looked at it']);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toContain('until another security officer says so too');
    expect(sent()).toEqual([['POST', `/v1/kill-switch/${pull}/release`, { reason: 'looked at it' }]]);
  });

  it('is shown', async () => {
    played.answers = () => ({ status: 200, body: { pulls: [] } });
    expect((await run(['kill-switch', 'show'])).stdout).toBe('The kill switch is not pulled.\n');
  });
});

describe('--json', () => {
  it('prints JSON on stdout, one a line, and nothing else', async () => {
    const ended = await run(['--json', 'approvals', 'show', id]);
    expect(ended.stderr).toBe('');
    expect(JSON.parse(ended.stdout)).toEqual(shown);
    expect(ended.stdout.trimEnd().split('\n')).toHaveLength(1);
  });

  it('prints nothing on stdout when it fails', async () => {
    played.answers = () => refusing(problem('not_found'));
    const ended = await run(['--json', 'approvals', 'show', id]);
    expect(ended.code).toBe(1);
    expectWords(ended, 'not_found');
  });
});

describe('what others wrote', () => {
  it('reaches the terminal without its control characters', async () => {
    played.answers = () => refusing(problem('not_found', { detail: '\u001b]8;;http://evil\u0007x\nSECOND LINE' }));
    const { stderr } = await run(['approvals', 'show', id]);
    expect(stderr).not.toContain('\u001b');
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});
