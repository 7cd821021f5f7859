import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { z } from 'zod';

/** The configuration of a demo program: the JSON file that its first argument names. */
export function configuration<S extends z.ZodType>(schema: S): z.output<S> {
  const [path] = process.argv.slice(2);
  if (path === undefined) throw new Error('give the configuration file as the argument');
  return schema.parse(JSON.parse(readFileSync(path, 'utf8')));
}

const maxBodyBytes = 1_048_576;

export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > maxBodyBytes) throw new Error('the body is too large');
    parts.push(part);
  }
  return Buffer.concat(parts);
}

export function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

export type Route = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** `GET /readyz`, these routes (`GET /messages`), and 404 for everything else. A fault is a 500 and ends nothing. */
export function routes(known: Readonly<Record<string, Route>>): RequestListener {
  return (request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const name = `${request.method ?? ''} ${path}`;
    if (name === 'GET /readyz') {
      answer(response, 200, { ready: true });
      return;
    }
    const route = known[name];
    if (route === undefined) {
      answer(response, 404, { code: 'not_found' });
      return;
    }
    route(request, response).catch((error: unknown) => {
      console.error(name, error);
      if (!response.headersSent) answer(response, 500, { code: 'internal' });
    });
  };
}

/** Listens on loopback until the process is asked to end. */
export function serve(listener: RequestListener, port: number): Server {
  const server = createServer(listener).listen(port, '127.0.0.1');
  endOnSignals(() => {
    server.close();
    server.closeAllConnections();
  });
  return server;
}

export function endOnSignals(end: () => void): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      end();
      process.exit(0);
    });
  }
}
