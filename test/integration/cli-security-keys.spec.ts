import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  callHeader,
  personKeyHeader,
  problem,
  topics,
  type ApprovalAnswer,
  type EvidenceAnswer,
  type Plan,
  type Verdict,
  type Vote,
} from '#contracts';
import { generatePrivateJwk, ownView, peek, signingKey, signPersonKey, verifyCall, viewDigest } from '#trust';
import { aGate, type TestGate } from '../support/gate.js';
import { scratchFolder } from '../support/scratch.js';
import { expectWords, type Ended } from '../contract/cli-said.js';
import { gateId, stories, StoryWorld } from '../contract/cli-stories.js';
import { PlayedGate, runCli, type Answer, type Received } from '../contract/played-gate.js';

const names = ['registry', 'intake', 'policy', 'approvals', 'credentials', 'notifier', 'audit'];
const id = '01938a1e-7c00-7000-8000-000000000001';
const secret = 'S'.repeat(43);
const page = `http://localhost:9/v1/step-up/${id}?c=${secret}`;
jest.setTimeout(60_000);

let scratch: ReturnType<typeof scratchFolder>;
const played = new PlayedGate();
let gate: TestGate;
let shown: ApprovalAnswer;
let evidence: EvidenceAnswer;

/** The story of a database change, under a plan that differs in this. */
async function story(more: Partial<Plan>, yours?: number): Promise<void> {
  const world = await StoryWorld.open();
  const { agent, asked } = stories['database-change'];
  const plain = world.evidenceOf(agent, asked, gate);
  const judged = peek(plain.verdict) as Verdict;
  const plan = judged.plan && { ...judged.plan, ...more };
  evidence = { ...plain, verdict: gate.keyring('policy').sign('verdict', { ...judged, plan }) };
  const own = ownView(gate.trust, { evidence, actionId: id, audiences: [`${gateId}/${topics.requests}`] });
  if (!own.ok) throw new TypeError(own.why);
  const { progress, ...answer } = world.answerTo(agent, asked);
  const seen = { ...progress, ...(yours !== undefined && { yours }) };
  shown = { ...answer, progress: seen, decision: own.view, view_digest: viewDigest(own.view) };
}

beforeAll(async () => {
  gate = aGate(gateId);
  await story({ step_up: true });
  scratch = scratchFolder('cli-keys');
  await played.start();
  signIn();
}, 30_000);

afterAll(async () => {
  await played.stop();
  scratch.remove();
  gate.remove();
});

beforeEach(() => {
  played.received = [];
});

function signIn(): void {
  const jwk = generatePrivateJwk('P-256');
  const until = Math.floor(Date.now() / 1_000) + 600;
  const said = { thumbprint: signingKey(jwk).kid, iss: 'http://127.0.0.1:9', sub: 'dana', until };
  const voting_key = { jwk, ...said, statement: signPersonKey(gate.keyring('credentials'), said) };
  const tokens = { [played.url]: { token: 't', expires_at: until } };
  mkdirSync(scratch.dir, { recursive: true });
  const session = { issuer: said.iss, subject: 'dana', tokens, voting_key };
  writeFileSync(join(scratch.dir, 'default.json'), JSON.stringify(session), { mode: 0o600 });
  const services = Object.fromEntries(names.map((name) => [name, played.url]));
  const settings = { issuer: said.iss, client_id: 'cli', services, trust_file: gate.trustFile };
  writeFileSync(join(scratch.dir, 'cli.json'), JSON.stringify(settings));
}

function run(...args: string[]): Promise<Ended> {
  const env = {
    SALLYPORT_CLI_CONFIG: join(scratch.dir, 'cli.json'),
    SALLYPORT_CLI_HOME: scratch.dir,
    SALLYPORT_BROWSER: '',
  };
  return runCli(args, env);
}

const begun: Answer = { status: 201, body: { id, url: page, secret, expires_at: '2026-11-24T10:05:00.000Z' } };

/** What the services answer: the page waits once, then it is as `end` says. */
function serving(end: object): (asked: string) => Answer {
  let looks = 0;
  return (asked) => {
    if (asked.endsWith('/evidence')) return { status: 200, body: evidence };
    if (asked.includes('/result?')) return { status: 200, body: looks++ === 0 ? { state: 'waiting' } : end };
    if (asked === `POST /v1/step-up/${id}` || asked.endsWith('/confirm')) return begun;
    if (asked.endsWith('/votes')) return { status: 200, body: { action_id: id, state: 'granted', stage: 1 } };
    return { status: 200, body: shown };
  };
}

const approve = ['approvals', 'approve', id, ...['scope', 'rollback_plan', 'window'].flatMap((point) => ['--confirm', point]), '--reason', 'I looked']; // prettier-ignore
const sent = (ending: string): Received[] => played.posts().filter(({ path }) => path.endsWith(ending));

/** By the key that is signed in, for exactly this call. */
function isSigned({ method, path, headers, body }: Received): boolean {
  const signed = { call: String(headers[callHeader]), statement: String(headers[personKeyHeader]) };
  const call = { method, url: played.url + path, body: JSON.stringify(body) };
  const identities = [{ iss: 'http://127.0.0.1:9', sub: 'dana' }];
  return verifyCall(gate.trust, signed, { call, identities, now: Date.now() }).ok;
}

describe('a vote that a plan wants confirmed', () => {
  it('waits for the security key on a page that is rendered from the same signed parts', async () => {
    played.answers = serving({ state: 'done', statement: 'a.b.c' });
    const ended = await run(...approve);
    expect(ended.code).toBe(0);
    for (const words of ['your security key, if you approve', page]) expect(ended.stderr).toContain(words);
    const [asking] = sent(`/v1/step-up/${id}`);
    expect(asking?.body).toEqual({ decision: 'approve', view_digest: shown.view_digest, evidence });
    expect(asking && isSigned(asking)).toBe(true);
    expect(sent('/votes')[0]?.body).toMatchObject({ decision: 'approve', webauthn: 'a.b.c' });
  });

  it('is not sent when nobody used the key in time', async () => {
    played.answers = serving({ state: 'expired' });
    const ended = await run(...approve);
    expect(ended.code).toBe(5);
    expectWords(ended, 'nobody used the security key in time: nothing was sent');
    expect(sent('/votes')).toEqual([]);
  });

  it('is sent at once when it is a no', async () => {
    played.answers = serving({ state: 'done' });
    expect((await run('approvals', 'deny', id, '--reason', 'no')).code).toBe(0);
    expect(sent(`/v1/step-up/${id}`)).toEqual([]);
    expect(sent('/votes')[0]?.body).not.toHaveProperty('webauthn');
  });
});

describe('a pull by an officer who has a security key', () => {
  it('is confirmed, and then is the pull that was confirmed', async () => {
    const serve = serving({ state: 'done' });
    let pulls = 0;
    const refused = problem('step_up_required');
    const pulled: Answer = { status: 202, body: { id, epoch: 1, live: 0 } };
    played.answers = (asked) => {
      if (asked !== 'POST /v1/kill-switch') return serve(asked);
      return pulls++ === 0 ? { status: refused.status, body: refused } : pulled;
    };
    const ended = await run('kill-switch', 'pull', 'global', '--reason', 'odd');
    expect(ended.code).toBe(0);
    expect(ended.stderr).toContain(page);
    expect(sent('/v1/kill-switch').map(({ body }) => body)).toEqual([
      { scope: 'global', reason: 'odd' },
      { scope: 'global', reason: 'odd', confirmed: secret },
    ]);
    expect(sent('/confirm')[0]?.body).toEqual({ scope: 'global', reason: 'odd' });
    expect(played.posts().every(isSigned)).toBe(true);
  });
});

describe('a vote where all stages are open at once', () => {
  it('names the seat in what is signed: the one that is shown as the person’s, or the one that they name, with its points', async () => {
    const [first] = shown.decision.stages as Plan['stages'];
    const second = { stage: 2, group: 'legal', quorum: 1, confirmations: [{ id: 'contract', text: 'it is allowed' }] };
    await story({ parallel: true, stages: [first!, second] }, 1);
    played.answers = serving({});
    expect((await run(...approve)).code).toBe(0);
    const other = await run('approvals', 'approve', id, '--stage', '2', '--confirm', 'contract', '--reason', 'read');
    expect(other.stderr).toContain('[ ] contract: it is allowed');
    expect((await run('approvals', 'deny', id, '--reason', 'no')).code).toBe(0);
    const bodies = sent('/votes').map(({ body }) => body as { stage?: number; proof: string });
    const named = bodies.map(({ proof, stage }) => [stage, (peek(proof) as Vote).stage]);
    expect(named).toEqual([[1, 1], [2, 2], [undefined, undefined]]); // prettier-ignore
  });
});
