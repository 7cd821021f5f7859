import { FastifyAdapter } from '@nestjs/platform-fastify';
import { problem } from '#contracts';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Log } from '../log/log.js';
import { childTraceparent, traceIdOf } from '../traceparent.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The body exactly as it came, whatever its content type; empty when there is none. Signatures are over these bytes, so nothing parses them first. */
    rawBody: Buffer;
    /** W3C trace context: the caller's trace, one step further, or a new one. */
    traceparent: string;
  }
}

/** Services ask one another with a request's value (64 KiB at most) as a text in JSON, where quotes and backslashes double, and with evidence beside it. */
export const bodyLimitBytes = 256 * 1024;

const noBody = Buffer.alloc(0);

/**
 * Fastify for Nest. Time-outs, in milliseconds: a request must have arrived whole within 15 s (a slow sender holds a connection no longer), an idle
 * connection is kept for 65 s (longer than common load balancers, so that they close first).
 */
export function httpAdapter(log: Log): FastifyAdapter {
  const adapter = new FastifyAdapter({
    bodyLimit: bodyLimitBytes,
    requestTimeout: 15_000,
    connectionTimeout: 0,
    keepAliveTimeout: 65_000,
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    frameworkErrors: refuseBadUrl,
    routerOptions: { maxParamLength: 300 },
  });
  const server = adapter.getInstance<FastifyInstance>();
  keepRawBody(server);
  traceRequests(server, log);
  return adapter;
}

/** A path that cannot be decoded names nothing; Fastify answers it before any route, filter or hook of ours. */
function refuseBadUrl(_error: Error, _request: unknown, reply: FastifyReply): void {
  const body = problem('not_found');
  void reply.status(body.status).header('content-type', 'application/problem+json').send(JSON.stringify(body));
}

function keepRawBody(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => {
    request.rawBody = Buffer.isBuffer(body) ? body : Buffer.from(body);
    done(null, undefined);
  });
}

function traceRequests(server: FastifyInstance, log: Log): void {
  // Each door that this process opens, in the words of its own router: what an operator can compare with what may be open.
  server.addHook('onRoute', ({ method, url }) => {
    for (const each of [method].flat()) log.debug('http.route', { method: each, route: url });
  });
  server.addHook('onRequest', (request, _reply, done) => {
    const { traceparent } = request.headers;
    request.rawBody = noBody;
    request.traceparent = childTraceparent(typeof traceparent === 'string' ? traceparent : undefined);
    done();
  });
  server.addHook('onResponse', (request, reply, done) => {
    log.debug('http.answered', {
      method: request.method,
      // The pattern, not the path: ids and queries are the callers' business.
      route: request.routeOptions.url ?? 'none',
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
      trace_id: traceIdOf(request.traceparent),
    });
    done();
  });
}
