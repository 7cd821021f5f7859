import { createRequire } from 'node:module';
// Imported and not required: in a bundle only this gives the class that kafkajs itself uses.
import requestQueue from 'kafkajs/src/network/requestQueue/index.js';

type RequestQueue = typeof requestQueue.prototype;

/** The one version whose source the override was written against. */
export const patchedVersion = '2.2.4';

const recheckMs = 10;

/**
 * kafkajs 2.2.4 sets a timer after every answer, also when nothing waits to be sent, with a delay that is mostly
 * negative: an idle connection then wakes up a thousand times a second, and Node 24 warns about each negative delay.
 * This sets a timer only while a request waits. Another version is left alone: its source may differ.
 * Answers whether the override is in place.
 */
export function quietRequestQueue(): boolean {
  const { version } = createRequire(import.meta.url)('kafkajs/package.json') as { version: string };
  if (version !== patchedVersion) return false;
  requestQueue.prototype.scheduleCheckPendingRequests = scheduleWhenPending;
  return true;
}

function scheduleWhenPending(this: RequestQueue): void {
  if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
  const throttledMs = this.throttledUntil - Date.now();
  this.throttleCheckTimeoutId = setTimeout(
    () => {
      this.throttleCheckTimeoutId = null;
      this.checkPendingRequests();
    },
    throttledMs > 0 ? throttledMs : recheckMs,
  );
}
