import { Injectable } from '@nestjs/common';

/** Wakes the ending of leases in this process, so that nobody waits for its next look at the table. Other processes look by themselves. */
@Injectable()
export class EndingBell {
  #rung = Promise.withResolvers<undefined>();

  ring(): void {
    this.#rung.resolve(undefined);
  }

  /** Resolves at the next ring, or at the one that nobody has heard yet. */
  async heard(): Promise<void> {
    await this.#rung.promise;
  }

  /** What is rung from here on is a new ring. Called before looking, so that a ring during the look is not lost. */
  reset(): void {
    this.#rung = Promise.withResolvers<undefined>();
  }
}
