import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import { patchedVersion, quietRequestQueue } from './request-queue.js';

const require = createRequire(import.meta.url);

interface Queue {
  pending: unknown[];
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  scheduleCheckPendingRequests(): void;
  destroy(): void;
}

function aQueue(): Queue {
  const RequestQueue = require('kafkajs/src/network/requestQueue') as new (options: object) => Queue;
  return new RequestQueue({ maxInFlightRequests: 1, requestTimeout: 1_000, logger: { debug: () => undefined } });
}

describe('the override of kafkajs’ request queue', () => {
  it('fits the version that is installed', () => {
    expect((require('kafkajs/package.json') as { version: string }).version).toBe(patchedVersion);
    expect(quietRequestQueue()).toBe(true);
  });

  it('sets no timer while nothing waits to be sent', () => {
    quietRequestQueue();
    const queue = aQueue();
    queue.scheduleCheckPendingRequests();
    expect(queue.throttleCheckTimeoutId).toBeNull();
  });

  it('sets one timer while something waits, and no negative one when it is not throttled', () => {
    quietRequestQueue();
    const queue = aQueue();
    queue.pending.push({});
    queue.scheduleCheckPendingRequests();
    const timer = queue.throttleCheckTimeoutId;
    expect(timer).not.toBeNull();
    queue.scheduleCheckPendingRequests();
    expect(queue.throttleCheckTimeoutId).toBe(timer);
    queue.destroy();
  });
});
