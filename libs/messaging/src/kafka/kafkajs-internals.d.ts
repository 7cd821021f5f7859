declare module 'kafkajs/src/network/requestQueue/index.js' {
  /** The fields of kafkajs' RequestQueue that the override reads. */
  interface RequestQueue {
    throttledUntil: number;
    throttleCheckTimeoutId: NodeJS.Timeout | null;
    pending: unknown[];
    checkPendingRequests(): void;
    scheduleCheckPendingRequests(this: RequestQueue): void;
  }
  const requestQueue: { prototype: RequestQueue };
  export = requestQueue;
}
