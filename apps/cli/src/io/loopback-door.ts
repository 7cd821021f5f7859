import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SessionError } from './session.js';

const signInSeconds = 300;

export interface Door {
  url: string;
  callback: Promise<URL>;
  close: () => void;
}

/** A server on a free loopback port that takes one answer of the provider. */
export async function openDoor(): Promise<Door> {
  const { promise, resolve, reject } = Promise.withResolvers<URL>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', `http://${String(request.headers.host)}`);
    const isAnswer = url.pathname === '/callback';
    response.writeHead(isAnswer ? 200 : 404, {
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
    });
    response.end(isAnswer ? 'You can close this page and go back to the terminal.\n' : '');
    if (isAnswer) resolve(url);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const late = setTimeout(() => { reject(new SessionError('nobody signed in within five minutes')); }, signInSeconds * 1_000); // prettier-ignore
  const { port } = server.address() as AddressInfo;
  const close = (): void => {
    clearTimeout(late);
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${String(port)}/callback`, callback: promise, close };
}
