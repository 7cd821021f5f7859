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
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ProblemError, type Known } from '#contracts';
import { TestIssuer } from '../../../../test/support/issuer.js';
import { makeAgentKey, makeGate } from '../gate.fixture.js';
import { callHeaders } from '../person-call.js';
import { signPersonKey } from '../person-key.js';
import { personOf } from '../plan.fixture.js';
import { AnyOf, Callers, Calling, HttpTrustModule, JtiStore, OnlyStops, PersonGuard, PersonKeys, ProvenInBody, ServiceGuard, type Caller, type KeyUse } from './index.js'; // prettier-ignore

const publicUrl = 'https://gate.test.example/registry';
const gate = makeGate();
const ann = makeAgentKey('P-256');
const payload = '{"a": 1}';
const endedKeys = new Set<string>();
const uses: KeyUse[] = [];
const remembered = new Map<string, number>();

class OneCaller extends Callers {
  override byKey(): undefined {
    return undefined;
  }

  override byIdentity(_: string, sub: string): Known<'people'> | undefined {
    return sub === 'ann' ? personOf('ann') : undefined;
  }
}

class MemoryJtis extends JtiStore {
  override remember(jkt: string, jti: string, seconds: number): Promise<boolean> {
    const isNew = !remembered.has(jkt + jti);
    remembered.set(jkt + jti, seconds);
    return Promise.resolve(isNew);
  }
}

class ListedKeys extends PersonKeys {
  override isLive(thumbprint: string, use: KeyUse): Promise<boolean> {
    uses.push(use);
    return Promise.resolve(!endedKeys.has(thumbprint));
  }
}

@Controller()
class Doors {
  @Get('thing')
  @UseGuards(PersonGuard)
  look(@Calling() caller: Caller): string {
    return caller.kind;
  }

  @Post('thing')
  @UseGuards(PersonGuard)
  change(@Calling() caller: Caller): string {
    return caller.kind;
  }

  @Post('halt')
  @OnlyStops()
  @UseGuards(PersonGuard)
  halt(@Calling() caller: Caller): string {
    return caller.kind;
  }

  @Post('either')
  @UseGuards(AnyOf(PersonGuard, ServiceGuard))
  either(@Calling() caller: Caller): string {
    return caller.kind;
  }

  @Post('vote')
  @ProvenInBody()
  @UseGuards(PersonGuard)
  vote(@Calling() caller: Caller): string {
    return caller.kind;
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
let issuer: TestIssuer;
let app: NestFastifyApplication;

beforeAll(async () => {
  issuer = await TestIssuer.start();
  const issuers = [{ issuer: issuer.issuer, jwksUri: `${issuer.issuer}/jwks`, clients: ['cli'] }];
  const parts = () => ({
    publicUrl, trust: gate.trust, keyring: gate.keyring('registry'), callers: new OneCaller(), jtis: new MemoryJtis(), issuers,
    personKeys: new ListedKeys(), now: () => Date.now(),
  }); // prettier-ignore
  @Module({ imports: [HttpTrustModule.forService({ useFactory: parts })], controllers: [Doors] })
  class Root {}
  app = await NestFactory.create<NestFastifyApplication>(Root, new FastifyAdapter(), silent);
  app.useGlobalFilters(new Problems());
  await app.init();
});

afterAll(async () => {
  await app.close();
  await issuer.stop();
});

beforeEach(() => {
  endedKeys.clear();
  uses.length = 0;
  remembered.clear();
});

async function send(method: 'GET' | 'POST', url: string, headers: Record<string, string> = {}) {
  const authorization = `Bearer ${await issuer.token('ann', publicUrl)}`;
  const type = { 'content-type': 'application/json' };
  const body = method === 'POST' && { payload };
  const answer = await app.inject({ method, url, headers: { authorization, ...type, ...headers }, ...body });
  const code = answer.statusCode < 400 ? undefined : answer.json<{ code: unknown }>().code;
  return { status: answer.statusCode, code, challenge: answer.headers['www-authenticate'] };
}

const post = (url: string, headers: Record<string, string> = {}) => send('POST', url, headers);

/** What ann's key, or one of hers that is stated to be of somebody else, says about a call. */
function signed(path: string, { body = payload, sub = 'ann' }: { body?: string; sub?: string } = {}) {
  const said = { thumbprint: ann.kid, iss: 'https://idp.example', sub, until: Math.floor(Date.now() / 1_000) + 3_600 };
  const statement = signPersonKey(gate.keyring('credentials'), said);
  return callHeaders({ key: ann, statement }, { method: 'POST', url: publicUrl + path, body });
}

describe('what a person changes', () => {
  it.each(['/thing', '/either'])('at %s carries that person’s signature beside the token', async (url) => {
    expect(await post(url, signed(url))).toMatchObject({ status: 201 });
    for (const headers of [{}, signed('/other'), signed(url, { body: '{}' }), signed(url, { sub: 'cy' })]) {
      expect(await post(url, headers)).toMatchObject({ status: 401, code: 'proof_invalid', challenge: 'Bearer' });
    }
  });

  it('is done once for each signature', async () => {
    const headers = signed('/thing');
    expect(await post('/thing', headers)).toMatchObject({ status: 201 });
    expect(await post('/thing', headers)).toMatchObject({ status: 401, code: 'proof_invalid' });
    // As long as it could come again: signed up to 300 s ahead of this clock, and good for 300 s after that.
    expect(Math.min(...remembered.values())).toBeGreaterThan(600);
    expect(await post('/thing', signed('/thing'))).toMatchObject({ status: 201 });
  });

  it('is not done with a key that this service knows to be over', async () => {
    endedKeys.add(ann.kid);
    expect(await post('/thing', signed('/thing'))).toMatchObject({ status: 401, code: 'proof_invalid' });
  });

  it('says of each key what it is about to sign for, so that a stop waits for nobody', async () => {
    for (const url of ['/thing', '/halt', '/either'])
      expect(await post(url, signed(url))).toMatchObject({ status: 201 });
    expect(uses).toEqual(['change', 'stop', 'change']);
  });

  it('needs nothing besides a body that proves itself; looking needs nothing either', async () => {
    expect(await post('/vote')).toMatchObject({ status: 201 });
    expect(await send('GET', '/thing')).toMatchObject({ status: 200 });
  });

  it('is refused by the token first: nobody learns about signatures without one', async () => {
    const call = { ...signed('/thing'), authorization: 'Bearer x' };
    expect(await post('/thing', call)).toMatchObject({ status: 401, code: 'token_invalid' });
  });
});
