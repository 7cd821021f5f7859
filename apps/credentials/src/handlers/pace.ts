/** What the operator decided about times and numbers. */
export class Pace {
  constructor(
    /** How long a mint may take before it is taken back, in seconds. */
    readonly mintSeconds: number,
    /** Leases that one process ends at one target at once. */
    readonly perTarget: number,
    readonly reconcileSeconds: number,
    /** The longest wait between two attempts to end a lease. */
    readonly endingSeconds: number,
  ) {}
}
