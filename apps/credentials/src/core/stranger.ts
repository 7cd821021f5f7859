import type { Stranger } from '#contracts';

/** What stands at a target under the mark of this gate, as its own table knows it. */
export interface Found {
  target: string;
  leaseId: string;
  /** This service held that lease and verified its end: somebody has brought it back, from an older backup for example. */
  isOver: boolean;
  foundAt: Date;
  closedAt: Date | null;
  confirmed: { by: string; reason: string; at: Date } | null;
  droppedAt: Date | null;
}

/**
 * What has been ended once may be removed again. About what this service never knew only its use is its own to stop:
 * perhaps it belongs to a database of leases that was lost, and somebody needs to see what it owns before it is gone.
 */
export const mayDrop = ({ isOver, confirmed }: Found): boolean => isOver || confirmed !== null;

export function lineOf(found: Found): Stranger {
  const { target, leaseId, isOver, foundAt, closedAt, confirmed, droppedAt } = found;
  return {
    target,
    lease_id: leaseId,
    is_over: isOver,
    found_at: foundAt.toISOString(),
    ...(closedAt && { closed_at: closedAt.toISOString() }),
    ...(confirmed && { confirmed: { ...confirmed, at: confirmed.at.toISOString() } }),
    ...(droppedAt && { dropped_at: droppedAt.toISOString() }),
  };
}
