import type { Tx } from '#database';
import { fault } from '#platform';

/** The places at which a process can die with a write of a lease: before the commit, and right after it. */
export function written(tx: Tx): void {
  fault('lease-written');
  tx.afterCommit(() => {
    fault('lease-committed');
  });
}
