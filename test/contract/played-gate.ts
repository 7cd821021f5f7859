import { execFile } from 'node:child_process';
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { root } from '../../tools/world/place.js';
import type { Ended } from './cli-said.js';

/** What the gate was asked. */
export interface Received {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: unknown;
}

export interface Answer {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

/** All services of a gate at one address. It answers as the spec says, and notes what it was asked. */
export class PlayedGate {
  received: Received[] = [];
  /** Of `METHOD /path?query`. */
  answers: (asked: string) => Answer = () => ({ status: 404, body: {} });
  readonly #server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const { headers, method = '', url: path = '' } = request;
      this.received.push({ method, path, headers, body });
      const answer = this.answers(`${method} ${path}`);
      response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
      response.end(JSON.stringify(answer.body));
    });
  });

  async start(): Promise<void> {
    await new Promise<void>((listening) => this.#server.listen(0, '127.0.0.1', listening));
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }

  /** What it was asked to change. */
  posts(): Received[] {
    return this.received.filter(({ method }) => method === 'POST');
  }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? undefined : JSON.parse(text);
}

/** Runs the command line as a program, and nothing of our own environment besides. */
export function runCli(
  args: readonly string[],
  env: Record<string, string | undefined>,
  node = process.execPath,
): Promise<Ended> {
  const options = { cwd: '/', env: { PATH: process.env['PATH'], ...env }, timeout: 30_000 };
  return new Promise((ended) => {
    execFile(node, [join(root, 'bin/sallyport.mjs'), ...args], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      ended({ code, stdout, stderr });
    });
  });
}
