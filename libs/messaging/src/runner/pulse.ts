import type { PartState } from '#platform';

/** A heartbeat goes out every 2 s, also while batches run; kafkajs says nothing when a broker stops answering. */
const heartbeatWithinMs = 10_000;
const fetchWithinMs = 60_000;

/** Whether the consumer is alive, from what kafkajs says about itself. */
export class Pulse {
  #state: 'starting' | 'joined' | 'crashed' = 'starting';
  #beatAt = 0;
  #fetchAt = 0;

  constructor(private readonly now: () => number = () => performance.now()) {}

  joined(): void {
    this.#state = 'joined';
    this.#beatAt = this.now();
    this.#fetchAt = this.now();
  }

  beat(): void {
    this.#beatAt = this.now();
  }

  fetched(): void {
    this.#fetchAt = this.now();
  }

  crashed(): void {
    this.#state = 'crashed';
  }

  report(): PartState {
    if (this.#state !== 'joined')
      return { ok: false, detail: this.#state === 'crashed' ? 'the consumer is restarting' : 'not in its group yet' };
    if (this.now() - this.#beatAt > heartbeatWithinMs)
      return { ok: false, detail: 'the group coordinator does not answer' };
    if (this.now() - this.#fetchAt > fetchWithinMs) return { ok: false, detail: 'nothing was fetched for a minute' };
    return { ok: true, detail: 'consuming' };
  }
}
