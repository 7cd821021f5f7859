import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { liveKey } from './ballots.js';

/** credentials, for worlds where it does not run: as far as it answers whether a person's key still signs. */
export class KeyList {
  /** What it answers about every key. */
  says: 'live' | 'ended' | 'nothing' = 'live';

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => {
      void json(request).then((asked) => {
        const isAnswered = request.url === '/v1/person-keys/state' && this.says !== 'nothing';
        response.writeHead(isAnswered ? 200 : 503, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ ...liveKey(asked), state: this.says }));
      });
    });
  }

  static async start(): Promise<KeyList> {
    const server = createServer();
    const list = new KeyList(server);
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    return list;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.server.address() as AddressInfo).port)}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((closed) => this.server.close(closed));
  }
}
