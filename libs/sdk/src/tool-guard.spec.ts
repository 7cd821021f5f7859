import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Fastify, { type FastifyInstance } from 'fastify';
import { problem, type ConsumeAnswer } from '#contracts';
import { generatePrivateJwk, makeProof, signingKey } from '#trust';
import { FakeGate } from '../../../test/support/fake-gate.js';
import { aTool, frozen, tokenOf, toolUrl, toolKey } from '../../../test/support/fake-tool.js';
import { fastifyGuard, frozenOf, guarded } from './tool-guard.js';
import { ToolGate } from './tool-gate.js';

let gate: FakeGate;
let tool: ToolGate;
let server: FastifyInstance;
let done: ConsumeAnswer[];

beforeEach(async () => {
  gate = new FakeGate();
  await gate.start();
  tool = aTool(gate);
  done = [];
  server = Fastify();
  const preHandler = fastifyGuard(tool, 'data.share');
  server.post('/share', { preHandler }, async (request) => {
    done.push(frozenOf(request));
    return { done: true };
  });
  server.post('/other', { preHandler: fastifyGuard(tool, 'data.delete') }, async (request) => {
    done.push(frozenOf(request));
  });
  const deaf = new ToolGate({
    toolUrl,
    key: toolKey,
    trust: gate.trust,
    credentialsUrl: 'http://127.0.0.1:9',
    timeoutMs: 500,
  });
  server.post('/away', { preHandler: fastifyGuard(deaf, 'data.share') }, async (request) => {
    done.push(frozenOf(request));
  });
  server.post('/forgotten', async (request) => {
    done.push(frozenOf(request));
  });
});

afterEach(async () => {
  await server.close();
  await gate.stop();
});

function headersFor(path: string, token = tokenOf(gate), key = gate.agentKey): Record<string, string> {
  const input = { key: signingKey(key), htm: 'POST', htu: `${toolUrl}${path}`, accessToken: token };
  return { authorization: `DPoP ${token}`, dpop: makeProof(input) };
}

async function post(path: string, headers: Record<string, string>) {
  const answer = await server.inject({ method: 'POST', url: path, headers, payload: { rows: 9_999 } });
  const body: { code?: string } = answer.json();
  return { status: answer.statusCode, code: body.code };
}

describe('a guarded route', () => {
  it('runs behind a consumed token, and is told the frozen action', async () => {
    expect(await post('/share?page=2', headersFor('/share'))).toMatchObject({ status: 200 });
    expect(done).toEqual([frozen]);
  });

  it.each<[string, () => Record<string, string>]>([
    ['no token', () => ({})],
    ['a token and no proof', () => ({ authorization: headersFor('/share')['authorization'] ?? '' })],
    ['another scheme', () => ({ ...headersFor('/share'), authorization: `Bearer ${tokenOf(gate)}` })],
    ['a token for another tool', () => headersFor('/share', tokenOf(gate, { aud: 'https://other.example' }))],
    ['a token of the past', () => headersFor('/share', tokenOf(gate, { exp: 1 }))],
    ['the proof of somebody else', () => headersFor('/share', tokenOf(gate), generatePrivateJwk('Ed25519'))],
    ['a proof for another route', () => headersFor('/elsewhere')],
    ['nonsense', () => ({ authorization: 'DPoP x', dpop: 'y' })],
  ])('does not run with %s', async (_, headers) => {
    expect((await post('/share', headers())).status).toBe(401);
    expect(done).toEqual([]);
  });

  it('does not run when the gate says no, or nothing', async () => {
    const no = problem('already_used');
    gate.on('POST /v1/tokens/consume', gate.proven(() => ({ status: no.status, body: no }), toolKey)); // prettier-ignore
    expect(await post('/share', headersFor('/share'))).toEqual({ status: 410, code: 'already_used' });
    expect(await post('/away', headersFor('/away'))).toEqual({ status: 503, code: 'no_answer' });
    expect(done).toEqual([]);
  });

  it('does not run for another action than its own, nor where its guard was forgotten', async () => {
    expect(await post('/other', headersFor('/other'))).toEqual({ status: 409, code: 'digest_mismatch' });
    expect((await post('/forgotten', headersFor('/forgotten'))).status).toBe(500);
    expect(done).toEqual([]);
  });
});

describe('a guarded function', () => {
  it('does its work behind a consumed token alone', async () => {
    const share = guarded(tool, 'data.share', (what) => Promise.resolve(what.action.properties));
    expect(await share({ method: 'POST', url: '/share', headers: headersFor('/share') })).toEqual({ rows: 3 });
    await expect(share({ method: 'POST', url: '/share', headers: {} })).rejects.toMatchObject({
      code: 'token_invalid',
    });
    await expect(share({ method: 'GET', url: '/share', headers: headersFor('/share') })).rejects.toMatchObject({
      code: 'proof_invalid',
    });
  });
});
