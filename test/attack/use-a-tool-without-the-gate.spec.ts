import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import Fastify, { type FastifyInstance } from 'fastify';
import { consumeBody, problem, type ActionTokenClaims, type ConsumeAnswer } from '#contracts';
import { fastifyGuard, frozenOf, guarded, ToolGate } from '#sdk';
import { generatePrivateJwk, makeProof, signingKey, type PrivateJwk } from '#trust';
import { readAgentProof, readToken } from '../../apps/credentials/src/core/consume.js';
import { FakeGate, type Answer } from '../support/fake-gate.js';
import { frozen, tokenOf, toolKey } from '../support/fake-tool.js';
import { takenApart, tricks } from '../support/signature-tricks.js';

/*
 * A tool as a program on the network: Fastify, the guard of the SDK, and a gate that judges by the rules of credentials and spends each
 * token once. Whoever can reach the tool tries to have it act without a use that the gate has spent for that.
 */

let gate: FakeGate;
let server: FastifyInstance;
let toolUrl: string;
let tool: ToolGate;
let done: unknown[];
let spent: Set<string>;

type Guard = ReturnType<typeof fastifyGuard>;

/** What credentials does with its table, done with a set. */
function consume(body: string): Answer {
  const presented = consumeBody.parse(JSON.parse(body));
  const claims = readToken(gate.trust, presented.token);
  if (claims === undefined) return refused('token_invalid');
  if (readAgentProof(presented, claims, new Date()) === undefined) return refused('proof_invalid');
  if (spent.has(claims.jti)) return refused('already_used');
  spent.add(claims.jti);
  return { body: frozen };
}

function refused(code: Parameters<typeof problem>[0]): Answer {
  const body = problem(code);
  return { status: body.status, body };
}

const run = (frozenAction: ConsumeAnswer): { rows: unknown } => {
  done.push(frozenAction);
  return { rows: frozenAction.action.properties };
};

beforeAll(async () => {
  gate = new FakeGate();
  await gate.start();
  server = Fastify();
  // What it is told only once it listens: where it is.
  const guardOf =
    (action: string): Guard =>
    (called, reply) =>
      fastifyGuard(tool, action)(called, reply);
  server.post('/share', { preHandler: guardOf('data.share') }, async (call) => run(frozenOf(call)));
  server.post('/delete', { preHandler: guardOf('data.delete') }, async (call) => run(frozenOf(call)));
  server.post('/forgotten', async (call) => run(frozenOf(call)));
  toolUrl = await server.listen({ port: 0, host: '127.0.0.1' });
  tool = new ToolGate({ toolUrl, key: toolKey, trust: gate.trust, credentialsUrl: gate.url, timeoutMs: 2_000 });
});

afterAll(async () => {
  await server.close();
  await gate.stop();
});

beforeEach(() => {
  done = [];
  spent = new Set();
  gate.on('POST /v1/tokens/consume', gate.proven(({ body }) => consume(body), toolKey)); // prettier-ignore
});

const aToken = (more: Partial<ActionTokenClaims> = {}, by = gate): string =>
  tokenOf(gate, { aud: toolUrl, ...more }, by);

interface Made {
  token?: string;
  key?: PrivateJwk;
  htu?: string;
  htm?: string;
  accessToken?: string;
}

/** The headers of an honest call, each part of which may be another one. */
function headersOf({ token = aToken(), key = gate.agentKey, ...more }: Made = {}): Record<string, string> {
  const about = { htm: 'POST', htu: `${toolUrl}/share`, accessToken: token, ...more };
  return { authorization: `DPoP ${token}`, dpop: makeProof({ key: signingKey(key), ...about }) };
}

interface Call {
  headers?: Record<string, string | string[]>;
  path?: string;
  method?: string;
}

/** As it is, without what `fetch` puts right. */
async function call({ headers = {}, path = '/share', method = 'POST' }: Call): Promise<number> {
  const { hostname, port } = new URL(toolUrl);
  const sent = request({ hostname, port, path, method, headers: { 'content-type': 'application/json', ...headers } });
  sent.end(method === 'POST' ? JSON.stringify({ rows: 9_999 }) : undefined);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  answer.resume();
  await once(answer, 'end');
  return answer.statusCode ?? 0;
}

/** Nothing was done; and by its side an honest call is done, with what the gate has frozen and not with what it says. */
async function isUntouched(): Promise<void> {
  expect(done).toEqual([]);
  expect(await call({ headers: headersOf() })).toBe(200);
  expect(done).toEqual([frozen]);
}

describe('a tool does nothing', () => {
  it.each<[string, () => Call]>([
    ['without a token', () => ({})],
    ['for a token alone', () => ({ headers: { authorization: headersOf()['authorization'] ?? '' } })],
    ['for a proof alone', () => ({ headers: { dpop: headersOf()['dpop'] ?? '' } })],
    ['for a token as a bearer', () => ({ headers: { ...headersOf(), authorization: `Bearer ${aToken()}` } })],
    ['for a token in the address', () => ({ path: `/share?access_token=${aToken()}` })],
    ['for a token of a gate of theirs', () => ({ headers: headersOf({ token: aToken({}, new FakeGate()) }) })],
    ['for a token of another tool', () => ({ headers: headersOf({ token: aToken({ aud: 'https://other.example' }) }) })],
    ['for a token that is over', () => ({ headers: headersOf({ token: aToken({ exp: 1 }) }) })],
    ['for a stolen token, with a key of theirs', () => ({ headers: headersOf({ key: generatePrivateJwk('Ed25519') }) })],
    ['for a proof for another token', () => ({ headers: headersOf({ accessToken: aToken() }) })],
    ['for a proof for another route', () => ({ headers: headersOf({ htu: `${toolUrl}/delete` }) })],
    ['for a proof for another method', () => ({ headers: headersOf({ htm: 'GET' }) })],
    ['for two proofs', () => ({ headers: { ...headersOf(), dpop: [headersOf()['dpop'] ?? '', headersOf()['dpop'] ?? ''] } })],
    ['where the action is another one', () => ({ path: '/delete', headers: headersOf({ htu: `${toolUrl}/delete` }) })],
    ['by another method', () => ({ method: 'GET', headers: headersOf({ htm: 'GET' }) })],
    ['by a method that a header names', () => ({ method: 'GET', headers: { ...headersOf(), 'x-http-method-override': 'POST' } })],
    ['at an address that is nearly the same', () => ({ path: '//share', headers: headersOf() })],
    ['at an address on another host', () => ({ path: '//evil.example/share', headers: headersOf({ htu: 'http://evil.example/share' }) })],
    ['on a route whose guard was forgotten', () => ({ path: '/forgotten', headers: headersOf({ htu: `${toolUrl}/forgotten` }) })],
  ])('%s', async (_, made) => {
    expect(await call(made())).toBeGreaterThanOrEqual(400);
    await isUntouched();
  }); // prettier-ignore

  it('for a signature by any trick, of the gate or of the agent', async () => {
    const { privateKey } = gate.keyring('credentials').keyFor('token');
    for (const { how, forge } of tricks) {
      const token = forge(takenApart(aToken(), privateKey));
      expect([how, await call({ headers: headersOf({ token }) })]).toEqual([how, 401]);
      const honest = headersOf();
      const dpop = forge(takenApart(honest['dpop'] ?? '', signingKey(gate.agentKey).key));
      expect([how, await call({ headers: { ...honest, dpop } })]).toEqual([how, 401]);
    }
    await isUntouched();
  });

  it.each<[string, () => Answer, number]>([
    ['says no', () => refused('ended'), 410],
    ['breaks off', () => ({ breaksOff: 'before' }), 503],
    ['breaks off in the middle', () => ({ breaksOff: 'inside' }), 503],
    ['speaks of another action', () => ({ body: { ...frozen, action_digest: `sha256:${'B'.repeat(43)}` } }), 401],
    ['says nothing that it could run', () => ({ body: {} }), 401],
    ['has been suspended for', () => refused('agent_suspended'), 403],
  ])('when the gate %s', async (_, answer, status) => {
    gate.on('POST /v1/tokens/consume', gate.proven(answer, toolKey));
    expect(await call({ headers: headersOf() })).toBe(status);
    expect(done).toEqual([]);
  });

  it('twice for one use: not again, not for what was heard on the way, and not for twenty that come at once', async () => {
    const once = headersOf();
    expect(await call({ headers: once })).toBe(200);
    expect(await call({ headers: once })).toBe(410);
    const token = aToken();
    const answers = await Promise.all(Array.from({ length: 20 }, () => call({ headers: headersOf({ token }) })));
    expect(answers.filter((status) => status === 200)).toHaveLength(1);
    expect(answers.filter((status) => status === 410)).toHaveLength(19);
    expect(done).toEqual([frozen, frozen]);
  });

  it('when its work is called past its server', async () => {
    const share = guarded(tool, 'data.share', (what) => Promise.resolve(run(what)));
    const past = (headers: Record<string, string>) => share({ method: 'POST', url: '/share', headers });
    await expect(past({})).rejects.toMatchObject({ code: 'token_invalid' });
    await expect(past({ ...headersOf(), dpop: 'x' })).rejects.toMatchObject({ code: 'proof_invalid' });
    expect(() => frozenOf({ headers: headersOf() })).toThrow('no guard has consumed');
    await isUntouched();
  });
});
