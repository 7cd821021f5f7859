import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { Controller, Get, HttpException, Module, Post, Req } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Server, type CustomTransportStrategy } from '@nestjs/microservices';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ProblemError } from '#contracts';
import type { FastifyRequest } from 'fastify';
import { createApp, transportStrategy } from './create-app.js';
import { Fault } from './fault.js';
import { Readiness } from './health/readiness.js';
import { bodyLimitBytes } from './http/http-server.js';
import { Log } from './log/log.js';
import { z } from 'zod';
import { commonSettings } from './settings/common-settings.js';
import { defineSettings } from './settings/define-settings.js';
import { loadSettings } from './settings/load-settings.js';
import { Shutdown } from './shutdown.js';
import { parseTraceparent, traceIdOf } from './traceparent.js';

@Controller()
class Doors {
  @Post('echo')
  echo(@Req() request: FastifyRequest): object {
    return { hex: request.rawBody.toString('hex'), parsed: request.body ?? null, traceparent: request.traceparent };
  }

  @Get('refused')
  refused(): never {
    throw new ProblemError('not_eligible', { why: 'owner' });
  }

  @Get('busy')
  busy(): never {
    throw new ProblemError('rate_limited', { retryAfterSeconds: 7 });
  }

  @Get('down')
  down(): never {
    throw new Fault('database_unavailable', { retryable: true, message: 'secret-host refused' });
  }

  @Get('bug')
  bug(): never {
    throw new TypeError('secret-value is not a function');
  }

  @Get('odd')
  odd(): never {
    throw new HttpException('secret-words', 418);
  }
}

@Module({ controllers: [Doors] })
class DoorsModule {}

class FakeTransport extends Server implements CustomTransportStrategy {
  state = 'new';
  listen(done: () => void): void {
    this.state = 'listening';
    done();
  }
  close(): void {
    this.state = 'closed';
  }
  on(): void {
    return undefined;
  }
  unwrap<T>(): T {
    throw new Error('there is no driver underneath');
  }
}

const settings = loadSettings(defineSettings(z.object(commonSettings('policy'))), {
  SALLYPORT_MODE: 'demo',
  SALLYPORT_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
  SALLYPORT_TRUST_FILE: 'unused',
  SALLYPORT_KEYS_FILE: 'unused',
});

let app: NestFastifyApplication;
const lines: string[] = [];

beforeAll(async () => {
  const log = new Log('policy', 'debug', { write: (line: string) => lines.push(line) });
  app = await createApp({ name: 'policy', settings, log }, { module: DoorsModule });
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
});

afterAll(async () => {
  await app.close();
});

const get = (url: string) => app.inject({ method: 'GET', url });

describe('a request body', () => {
  it.each(['application/json', 'application/x-www-form-urlencoded', 'text/plain', 'application/jose; q=1'])(
    'of type %s reaches the handler as the bytes that came, unparsed',
    async (type) => {
      const payload = Buffer.from('{"a":1,"a":2}\n\u00e9=%zz', 'utf8');
      const answer = await app.inject({ method: 'POST', url: '/echo', headers: { 'content-type': type }, payload });
      expect(answer.json()).toMatchObject({ hex: payload.toString('hex'), parsed: null });
    },
  );

  it('is empty when there is none', async () => {
    expect((await app.inject({ method: 'POST', url: '/echo' })).json()).toMatchObject({ hex: '' });
  });

  it('may have the size of the limit and not a byte more', async () => {
    const send = (size: number) =>
      app.inject({
        method: 'POST',
        url: '/echo',
        headers: { 'content-type': 'application/json' },
        payload: Buffer.alloc(size, 65),
      });
    expect((await send(bodyLimitBytes)).statusCode).toBe(201);
    const refused = await send(bodyLimitBytes + 1);
    expect(refused.statusCode).toBe(413);
    expect(refused.json()).toMatchObject({ code: 'too_large' });
  });
});

describe('an error', () => {
  it('is a problem with a stable code and what to do', async () => {
    const answer = await get('/refused');
    expect(answer.statusCode).toBe(403);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.json()).toMatchObject({ code: 'not_eligible', why: 'owner', status: 403 });
  });

  it('says when to come back', async () => {
    expect((await get('/busy')).headers['retry-after']).toBe('7');
    const down = await get('/down');
    expect(down.statusCode).toBe(503);
    expect(down.json()).toMatchObject({ code: 'dependency_unavailable' });
    expect(Number(down.headers['retry-after'])).toBeGreaterThan(0);
  });

  it('of ours is a 500 that shows nothing but the trace, which the log line carries too', async () => {
    const answer = await get('/bug');
    expect(answer.statusCode).toBe(500);
    const { trace_id, ...body } = answer.json<{ trace_id: string }>();
    expect(body).toMatchObject({ code: 'internal_error' });
    expect(lines.some((line) => line.includes('http.failed') && line.includes(trace_id))).toBe(true);
  });

  it('never carries the words of the error or a stack', async () => {
    for (const url of ['/down', '/bug', '/odd']) {
      const { payload } = await get(url);
      expect(payload).not.toContain('secret');
      expect(payload).not.toContain('.ts');
    }
  });

  it('about an unknown route or method is the same not_found', async () => {
    expect((await get('/nowhere')).json()).toMatchObject({ code: 'not_found', status: 404 });
    expect((await get('/echo')).json()).toMatchObject({ code: 'not_found' });
    expect((await get('/%zz')).headers['content-type']).toContain('application/problem+json');
  });
});

describe('the transport that a service provides', () => {
  it('is connected, and listens when it is told to', async () => {
    const strategy = new FakeTransport();
    const module = { module: DoorsModule, providers: [{ provide: transportStrategy, useValue: strategy }] };
    const hearing = await createApp({ name: 'policy', settings, log: new Log('policy', 'error') }, module);
    await hearing.init();
    expect(strategy.state).toBe('new');
    await hearing.startAllMicroservices();
    expect(strategy.state).toBe('listening');
    await hearing.close();
    expect(strategy.state).toBe('closed');
  });

  it('is not missed where there is none', () => {
    expect(lines.join('')).not.toContain('nest.error');
  });
});

describe('a trace', () => {
  it('goes on from the caller, or begins here', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const post = (headers: Record<string, string>) => app.inject({ method: 'POST', url: '/echo', headers });
    const followed = (await post({ traceparent: `00-${traceId}-00f067aa0ba902b7-01` })).json<{ traceparent: string }>();
    expect(traceIdOf(followed.traceparent)).toBe(traceId);
    const begun = (await post({ traceparent: 'junk' })).json<{ traceparent: string }>();
    expect(parseTraceparent(begun.traceparent)).toBeDefined();
  });
});

describe('health', () => {
  it('lives without its dependencies, and is ready only with them', async () => {
    expect((await get('/livez')).statusCode).toBe(200);
    expect((await get('/readyz')).statusCode).toBe(200);
    app.get(Readiness).register('database', () => Promise.resolve({ ok: false, detail: 'no answer' }));
    const answer = await get('/readyz');
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toMatchObject({ ready: false, parts: { database: { ok: false } } });
    expect((await get('/livez')).statusCode).toBe(200);
  });
});

describe('closing the application', () => {
  it('goes through the phases of the shutdown', async () => {
    const seen: string[] = [];
    const other = await createApp(
      { name: 'policy', settings, log: new Log('policy', 'error') },
      { module: DoorsModule },
    );
    await other.init();
    const shutdown = other.get(Shutdown);
    shutdown.at('database', 'last', () => void seen.push('database'));
    shutdown.at('consumers', 'first', () => void seen.push('consumers'));
    await other.close();
    expect(seen).toEqual(['consumers', 'database']);
    expect(shutdown.signal.aborted).toBe(true);
  });

  it('does not wait for a connection on which nothing is ever asked', async () => {
    const other = await createApp(
      { name: 'policy', settings, log: new Log('policy', 'error') },
      { module: DoorsModule },
    );
    await other.listen(0, '127.0.0.1');
    const { port } = other.getHttpServer().address() as AddressInfo;
    const silent = connect(port, '127.0.0.1');
    await once(silent, 'connect');
    const ended = once(silent, 'close');
    await other.close();
    await ended;
    expect(silent.destroyed).toBe(true);
  }, 20_000);
});
