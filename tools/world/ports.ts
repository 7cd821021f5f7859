import { randomInt } from 'node:crypto';
import { connect, createServer } from 'node:net';

const host = '127.0.0.1';

/** Below the range from which systems number outgoing connections: one of those cannot take a port before we use it. */
const lowest = 12_000;
const highest = 32_000;

/**
 * Of several workers of one test run each has ports of its own: what one has freed, to take it again or to see that nobody
 * listens there, no other takes meanwhile.
 */
function ownRange(worker = process.env['JEST_WORKER_ID']): [number, number] {
  const slices = worker === undefined ? 1 : 4;
  const width = (highest - lowest) / slices;
  const start = lowest + (Number(worker ?? 0) % slices) * width;
  return [start, start + width];
}

/** What was given to one part of a world that has not taken it yet, or has let go of it for a moment, no other part is given. */
const given = new Set<number>();

/**
 * Ports that nobody listens on now, all different and none that this process was given before, chosen at random so that two runs beside each other seldom choose
 * the same. Somebody may still take one before we use it: callers must treat "address in use" as possible.
 */
export async function freePorts(count: number): Promise<number[]> {
  const free = new Set<number>();
  while (free.size < count) {
    const port = randomInt(...ownRange());
    if (given.has(port)) continue;
    given.add(port);
    if (!(await isTaken(port))) free.add(port);
  }
  return [...free];
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
