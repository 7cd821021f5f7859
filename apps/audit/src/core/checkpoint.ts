import { formatCheckpoint, rootOf, type Frontier } from '#trust';

export type CheckpointDecision =
  { sign: true; text: string; root: Buffer } | { sign: false; why: 'nothing_new' | 'log_shrank' };

/**
 * Whether the log may sign its present state. A log MUST NOT sign a tree smaller than one it has signed (C2SP
 * tlog-checkpoint): when leaves were lost and the checkpoints were not, the answer is `log_shrank`. A restore of the whole
 * database takes both back and is not seen here: only an auditor's kept checkpoint finds it, so it needs a new origin.
 */
export function decideCheckpoint(origin: string, head: Frontier, signedSize: bigint | undefined): CheckpointDecision {
  if (signedSize !== undefined && head.size < signedSize) return { sign: false, why: 'log_shrank' };
  if (signedSize !== undefined && head.size === signedSize) return { sign: false, why: 'nothing_new' };
  const root = rootOf(head);
  return { sign: true, text: formatCheckpoint({ origin, size: head.size, root }), root };
}
