import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import {
  Catch,
  Controller,
  Get,
  Module,
  Post,
  UseGuards,
  type ArgumentsHost,
  type ExceptionFilter,
  type NestApplicationOptions,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CompactSign, exportJWK, generateKeyPair } from 'jose';
import { ProblemError, type Known } from '#contracts';
import { makeAgentKey, makeGate } from '../gate.fixture.js';
import { personOf } from '../plan.fixture.js';
import { makeProof, type ProofInput } from '../proof.js';
import { signServiceToken } from '../service-token.js';
import { AnyOf, Callers, Calling, HttpTrustModule, JtiStore, PersonGuard, ProofGuard, ServiceGuard, type Caller, type KeyOwner } from './index.js'; // prettier-ignore

const publicUrl = 'https://gate.test.example/intake';
const gate = makeGate();
const key = makeAgentKey('P-256');
const toolKey = makeAgentKey('Ed25519');
const agent: Known<'agents'> = {
  kind: 'agents', id: 'a-1', version: 1, changed_by: 'r', changed_at: '',
  spec: { jwks: { keys: [] }, owner: 'o', principals: [], scope: [], limits: [], requests_per_minute: 1, environment: 'staging', state: 'active' },
}; // prettier-ignore
const target: Known<'targets'> = {
  kind: 'targets', id: 'tool-1', version: 1, changed_by: 'r', changed_at: '',
  spec: { kind: 'tool', base_url: 'https://tool.example', jwks: { keys: [] } },
}; // prettier-ignore

class SomeCallers extends Callers {
  override byKey(jkt: string): KeyOwner | undefined {
    if (jkt === toolKey.kid) return { kind: 'tool', target };
    return jkt === key.kid
      ? { kind: 'agent', agent, key: { kty: 'EC', crv: 'P-256', x: '', kid: jkt, use: 'sig' } }
      : undefined;
  }
  override byIdentity(_: string, sub: string): Known<'people'> | undefined {
    if (sub === 'ann') return personOf('ann');
    return sub === 'cy' ? personOf('cy', { state: 'inactive' }) : undefined;
  }
}

class MemoryJtis extends JtiStore {
  readonly seen = new Map<string, number>();
  override remember(jkt: string, jti: string, seconds: number): Promise<boolean> {
    const isNew = !this.seen.has(jkt + jti);
    this.seen.set(jkt + jti, seconds);
    return Promise.resolve(isNew);
  }
}

@Controller()
class Doors {
  @Post('proof')
  @UseGuards(ProofGuard)
  proof(@Calling() caller: Caller): string {
    return describeCaller(caller);
  }
  @Get('service')
  @UseGuards(ServiceGuard)
  service(@Calling() caller: Caller): string {
    return describeCaller(caller);
  }
  @Get('person')
  @UseGuards(PersonGuard)
  person(@Calling() caller: Caller): string {
    return describeCaller(caller);
  }
  @Get('any')
  @UseGuards(AnyOf(ProofGuard, ServiceGuard, PersonGuard))
  any(@Calling() caller: Caller): string {
    return describeCaller(caller);
  }
  @Get('two')
  @UseGuards(AnyOf(ProofGuard, PersonGuard))
  two(@Calling() caller: Caller): string {
    return describeCaller(caller);
  }
}

function describeCaller(caller: Caller): string {
  switch (caller.kind) {
    case 'agent':
      return `agent ${caller.agent.id}`;
    case 'tool':
      return `tool ${caller.target.id}`;
    case 'service':
      return `service ${caller.service}`;
    case 'person':
      return `person ${caller.person.id} by ${caller.clientId}`;
  }
}

@Catch(ProblemError)
class Problems implements ExceptionFilter {
  catch({ problem }: ProblemError, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<{ status(code: number): { send(body: unknown): void } }>();
    reply.status(problem.status).send(problem);
  }
}

// eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- Nest types this bag of options as a class and means any object
const silent: NestApplicationOptions = { logger: false, rawBody: true };

/** An OpenID provider that only has keys. */
interface Provider {
  server: Server;
  issuer: string;
  isDown: boolean;
  hasNoKeys: boolean;
}
let provider: Provider;
let app: NestFastifyApplication;
let jtis: MemoryJtis;
let now: number;
const providerKey = await generateKeyPair('ES256');
const otherKey = await generateKeyPair('ES256');

async function startProvider(): Promise<Provider> {
  const jwk = { ...(await exportJWK(providerKey.publicKey)), kid: 'k1', use: 'sig', alg: 'ES256' };
  const started: Provider = { issuer: '', isDown: false, hasNoKeys: false, server: createServer() };
  started.server.on('request', (request, response) => {
    const isDiscovery = request.url === '/.well-known/openid-configuration';
    response.statusCode = started.isDown || (started.hasNoKeys && !isDiscovery) ? 503 : 200;
    response.end(
      JSON.stringify(isDiscovery ? { issuer: started.issuer, jwks_uri: `${started.issuer}/jwks` } : { keys: [jwk] }),
    );
  });
  await once(started.server.listen(0, '127.0.0.1'), 'listening');
  started.issuer = `http://127.0.0.1:${String((started.server.address() as AddressInfo).port)}`;
  return started;
}

async function startApp(): Promise<NestFastifyApplication> {
  const issuers = [{ issuer: provider.issuer, clients: ['cli'] }];
  const parts = () => ({
    publicUrl: `${publicUrl}/`, trust: gate.trust, keyring: gate.keyring('intake'), callers: new SomeCallers(), jtis, issuers, now: () => now,
    personKeys: { isLive: () => Promise.resolve(true) },
  }); // prettier-ignore
  @Module({ imports: [HttpTrustModule.forService({ useFactory: parts })], controllers: [Doors] })
  class Root {}
  const adapter = new FastifyAdapter();
  const made = await NestFactory.create<NestFastifyApplication>(Root, adapter, silent);
  made.useGlobalFilters(new Problems());
  await made.init();
  return made;
}

interface Sent {
  method?: 'GET' | 'POST';
  url?: string;
  headers?: Record<string, string>;
  payload?: string;
}
interface Answer {
  status: number;
  body: string;
  code: unknown;
  nonce: string;
  challenge: unknown;
}

async function send({ method = 'GET', url = '/any', headers = {}, payload }: Sent): Promise<Answer> {
  const type = payload === undefined ? {} : { 'content-type': 'application/json' };
  const answer = await app.inject({
    method,
    url,
    headers: { ...type, ...headers },
    ...(payload !== undefined && { payload }),
  });
  const code = answer.statusCode < 400 ? undefined : answer.json<{ code: unknown }>().code;
  const { 'dpop-nonce': nonce, 'www-authenticate': challenge } = answer.headers;
  return { status: answer.statusCode, body: answer.body, code, nonce: String(nonce), challenge };
}

beforeAll(async () => {
  provider = await startProvider();
});
afterAll(async () => {
  provider.server.closeAllConnections();
  provider.server.close();
  await once(provider.server, 'close');
});
beforeEach(async () => {
  now = Date.now();
  provider.isDown = false;
  provider.hasNoKeys = false;
  jtis = new MemoryJtis();
  app = await startApp();
});
afterEach(async () => {
  await app.close();
});

describe('ProofGuard', () => {
  const payload = '{"a": 1}';
  const proofFor = (more: Partial<ProofInput> = {}) =>
    makeProof({
      key,
      htm: 'POST',
      htu: `${publicUrl}/proof`,
      body: payload,
      nonce: gate.keyring('intake').nonces.issue(now),
      now,
      ...more,
    });
  const post = (dpop: string, more: Sent = {}) =>
    send({ method: 'POST', url: '/proof', payload, headers: { dpop }, ...more });

  it('knows an agent and a tool by their registered keys', async () => {
    expect(await post(proofFor())).toMatchObject({ status: 201, body: 'agent a-1' });
    expect(await post(proofFor({ key: toolKey }))).toMatchObject({ status: 201, body: 'tool tool-1' });
  });

  it('gives every answer the next nonce, which then works', async () => {
    const first = await post(makeProof({ key, htm: 'POST', htu: `${publicUrl}/proof`, body: payload, now }));
    expect(first).toMatchObject({ status: 401, code: 'use_dpop_nonce' });
    expect(first.challenge).toContain('DPoP error="use_dpop_nonce"');
    const refused = await post('x');
    expect(refused).toMatchObject({ status: 401, code: 'proof_invalid' });
    const accepted = await post(proofFor({ nonce: refused.nonce }));
    expect(accepted).toMatchObject({ status: 201 });
    expect(await post(proofFor({ nonce: accepted.nonce }))).toMatchObject({ status: 201 });
  });

  it('takes a proof once, and remembers it for longer than its nonce lives', async () => {
    const proof = proofFor();
    expect(await post(proof)).toMatchObject({ status: 201 });
    expect(await post(proof)).toMatchObject({ status: 401, code: 'proof_invalid' });
    expect([...jtis.seen.values()]).toEqual([120]);
  });

  it('wants the hash of exactly the bytes that came', async () => {
    expect(await post(proofFor(), { payload: '{"a":1}' })).toMatchObject({ code: 'proof_invalid' });
    expect(await post(proofFor(), { payload: '{}' })).toMatchObject({ code: 'proof_invalid' });
  });

  it('compares with the public URL, never with the Host header, and leaves the query out', async () => {
    const host = { dpop: proofFor({ htu: 'https://evil.example/proof' }), host: 'evil.example' };
    expect(await send({ method: 'POST', url: '/proof', payload, headers: host })).toMatchObject({
      code: 'proof_invalid',
    });
    expect(await post(proofFor(), { url: '/proof?wait_seconds=1' })).toMatchObject({ status: 201 });
  });

  it('refuses no proof, an unknown key, an expired nonce', async () => {
    expect(await send({ method: 'POST', url: '/proof', payload })).toMatchObject({
      status: 401,
      code: 'proof_invalid',
    });
    expect(await post(proofFor({ key: makeAgentKey() }))).toMatchObject({ status: 401, code: 'key_unknown' });
    const old = gate.keyring('intake').nonces.issue(now - 61_000);
    expect(await post(proofFor({ nonce: old }))).toMatchObject({ status: 401, code: 'use_dpop_nonce' });
    const foreign = makeGate().keyring('intake').nonces;
    expect(foreign.isValid(old, now - 61_000)).toBe(true);
  });
});

describe('ServiceGuard', () => {
  const bearer = (token: string) => ({ url: '/service', headers: { authorization: `Bearer ${token}` } });

  it('knows a service by its own key', async () => {
    const token = signServiceToken(gate.keyring('credentials'), { aud: publicUrl });
    expect(await send(bearer(token))).toMatchObject({ status: 200, body: 'service credentials' });
  });

  it('refuses a token for another service, of another gate, or none', async () => {
    const elsewhere = signServiceToken(gate.keyring('credentials'), { aud: 'https://gate.test.example/policy' });
    const stranger = signServiceToken(makeGate().keyring('credentials'), { aud: publicUrl });
    for (const token of [elsewhere, stranger, 'x']) {
      expect(await send(bearer(token))).toMatchObject({ status: 401, code: 'token_invalid' });
    }
    expect(await send({ url: '/service' })).toMatchObject({ status: 401, code: 'token_invalid' });
  });
});

interface Made {
  claims?: Record<string, unknown>;
  header?: Record<string, unknown>;
  key?: Parameters<CompactSign['sign']>[0];
}
function tokenOf({ claims = {}, header = {}, key: by = providerKey.privateKey }: Made = {}): Promise<string> {
  const iat = Math.floor(now / 1_000);
  const all = {
    iss: provider.issuer,
    sub: 'ann',
    aud: publicUrl,
    client_id: 'cli',
    jti: 'j',
    iat,
    exp: iat + 60,
    ...claims,
  };
  const payload = Buffer.from(JSON.stringify(all));
  return new CompactSign(payload).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'k1', ...header }).sign(by);
}

describe('PersonGuard', () => {
  const get = async (made: Made = {}) =>
    send({ url: '/person', headers: { authorization: `Bearer ${await tokenOf(made)}` } });

  it('knows a registered person by issuer and subject', async () => {
    expect(await get()).toMatchObject({ status: 200, body: 'person ann by cli', challenge: undefined });
    expect(await get({ claims: { aud: [publicUrl] } })).toMatchObject({ status: 200 });
    expect(await get({ header: { typ: 'application/at+jwt' } })).toMatchObject({ status: 200 });
  });

  it.each<[string, () => Made]>([
    ['an ID token', () => ({ header: { typ: 'JWT' } })],
    ['no type', () => ({ header: { typ: undefined } })],
    ['another service as audience', () => ({ claims: { aud: 'https://gate.test.example/policy' } })],
    ['more audiences than this service', () => ({ claims: { aud: [publicUrl, 'https://other.example'] } })],
    ['a client that is not listed', () => ({ claims: { client_id: 'robot' } })],
    ['no client', () => ({ claims: { client_id: undefined } })],
    ['an issuer that is not listed', () => ({ claims: { iss: 'https://evil.example' } })],
    ['an actor', () => ({ claims: { act: { sub: 'agent' } } })],
    ['a permitted actor', () => ({ claims: { may_act: { sub: 'agent' } } })],
    ['another key', () => ({ key: otherKey.privateKey })],
    ['an expired token', () => ({ claims: { exp: Math.floor(now / 1_000) - 6 } })],
    ['a token from the future', () => ({ claims: { iat: Math.floor(now / 1_000) + 60 } })],
    ['no expiry', () => ({ claims: { exp: undefined } })],
    ['no jti', () => ({ claims: { jti: undefined } })],
    ['no subject', () => ({ claims: { sub: '' } })],
  ])('refuses %s', async (_, made) => {
    expect(await get(made())).toMatchObject({
      status: 401,
      code: 'token_invalid',
      challenge: 'Bearer error="invalid_token"',
    });
  });

  it('refuses a token signed with a shared secret', async () => {
    expect(await get({ header: { alg: 'HS256' }, key: Buffer.alloc(32) })).toMatchObject({ code: 'token_invalid' });
  });

  it.each(['nobody', 'cy'])('tells %s, who is no active person here, that this is for people', async (sub) => {
    expect(await get({ claims: { sub } })).toMatchObject({ status: 403, code: 'not_eligible' });
  });

  it('waits, and refuses nobody, while the keys of the issuer cannot be had', async () => {
    provider.isDown = true;
    expect(await get()).toMatchObject({ status: 503, code: 'dependency_unavailable' });
    provider.isDown = false;
    provider.hasNoKeys = true;
    expect(await get()).toMatchObject({ status: 503, code: 'dependency_unavailable' });
    provider.hasNoKeys = false;
    expect(await get()).toMatchObject({ status: 200 });
  });
});

describe('AnyOf', () => {
  const service = () => `Bearer ${signServiceToken(gate.keyring('policy'), { aud: publicUrl })}`;
  const proof = (path: string) => makeProof({ key, htm: 'GET', htu: `${publicUrl}${path}`, nonce: gate.keyring('intake').nonces.issue(now), now }); // prettier-ignore

  it('lets the credential that came decide', async () => {
    expect(await send({ headers: { dpop: proof('/any') } })).toMatchObject({ status: 200, body: 'agent a-1' });
    expect(await send({ headers: { authorization: service() } })).toMatchObject({
      status: 200,
      body: 'service policy',
    });
  });

  it('takes only the kinds that the route names', async () => {
    expect(await send({ url: '/two', headers: { authorization: service() } })).toMatchObject({
      status: 401,
      code: 'token_invalid',
    });
  });

  it('refuses none and two, and gives a nonce all the same', async () => {
    const none = await send({});
    expect(none).toMatchObject({ status: 401, code: 'token_invalid' });
    expect(gate.keyring('intake').nonces.isValid(none.nonce, now)).toBe(true);
    expect(await send({ headers: { dpop: proof('/any'), authorization: service() } })).toMatchObject({ status: 401 });
  });
});

describe('the public keys', () => {
  it('of this service are there for anybody', async () => {
    const { keys } = (await app.inject('/.well-known/jwks.json')).json<{ keys: { kid: string }[] }>();
    expect(keys.map(({ kid }) => kid).sort()).toEqual(
      (['acceptance', 'outcome', 'service'] as const).map((p) => gate.keyring('intake').keyFor(p).kid).sort(),
    );
  });
});
