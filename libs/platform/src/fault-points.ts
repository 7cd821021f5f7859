import { kill, pid } from 'node:process';

/** Places at which a test can make the real process die. A point that is not listed cannot be armed, so a misspelt test fails instead of testing nothing. */
export const faultPoints = [
  'in-transaction',
  'after-commit-before-offset',
  'after-send-before-outbox-delete',
  'after-intent-before-mint',
  'between-mint-and-record',
  'lease-written',
  'lease-committed',
] as const;

export type FaultPoint = (typeof faultPoints)[number];

interface Armed {
  point: FaultPoint;
  /** Passes that are still survived. */
  left: number;
}

let armed: Armed | undefined;

/** `point:n`, n >= 1: die at the n-th pass. Undefined when the text is anything else. */
export function readFaultSpec(spec: string): { point: FaultPoint; pass: number } | undefined {
  const [, name, digits] = /^([a-z-]+):([1-9]\d{0,6})$/u.exec(spec) ?? [];
  const point = faultPoints.find((known) => known === name);
  return point === undefined || digits === undefined ? undefined : { point, pass: Number(digits) };
}

/** Called once by `start()` with `SALLYPORT_FAULT`, which production mode refuses. */
export function armFault(spec: string | undefined): void {
  const read = spec === undefined ? undefined : readFaultSpec(spec);
  armed = read && { point: read.point, left: read.pass - 1 };
}

/**
 * A named fault point. Does nothing unless armed for this point; then SIGKILL at the chosen pass: no handler, no flush, no farewell to the broker,
 * which is exactly what a crash is.
 */
export function fault(point: FaultPoint): void {
  if (armed?.point !== point) return;
  if (armed.left > 0) armed.left -= 1;
  else kill(pid, 'SIGKILL');
}
