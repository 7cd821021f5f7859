import { connect, createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';

const host = '127.0.0.1';

/**
 * Ports that nobody listens on now, all different. Somebody else may take one before we use it: callers that start a
 * process must treat "address in use" as possible.
 */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  try {
    return await Promise.all(
      servers.map(async (server) => {
        server.listen(0, host);
        await once(server, 'listening');
        return portOf(server.address());
      }),
    );
  } finally {
    await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  }
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('a TCP server without a port');
  return address.port;
}

/** True when this port cannot be listened on. */
export function isTaken(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => {
      resolve(true);
    });
    server.listen({ port, host, exclusive: true }, () => {
      server.close(() => {
        resolve(false);
      });
    });
  });
}

/** True when something accepts connections on this port. */
export function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, host);
  return new Promise((resolve) => {
    const done = (open: boolean) => () => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', done(true));
    socket.once('error', done(false));
    socket.setTimeout(1000, done(false));
  });
}
