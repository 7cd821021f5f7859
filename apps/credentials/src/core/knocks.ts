/** How often a door was tried in vain from each place, within a window of time. Of this process alone, and by no wall clock. */
export class Knocks {
  readonly #counts = new Map<string, number>();
  #since = Number.NEGATIVE_INFINITY;

  constructor(private readonly limits: { most: number; windowMs: number }) {}

  areTooMany(from: string, nowMs: number): boolean {
    this.#startWindow(nowMs);
    return (this.#counts.get(from) ?? 0) >= this.limits.most;
  }

  count(from: string, nowMs: number): void {
    this.#startWindow(nowMs);
    this.#counts.set(from, (this.#counts.get(from) ?? 0) + 1);
  }

  /** All places share one window, so that what is remembered goes with it. */
  #startWindow(nowMs: number): void {
    if (nowMs - this.#since < this.limits.windowMs) return;
    this.#counts.clear();
    this.#since = nowMs;
  }
}
