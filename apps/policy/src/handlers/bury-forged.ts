import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';
import { DeadLetters, type Incoming } from '#messaging';
import { digestOfBytes } from '#trust';

/** An event whose statement does not verify changes nothing; operators see where it was, and never what it held. */
@Injectable()
export class BuryForged {
  constructor(private readonly deadLetters: DeadLetters) {}

  async bury(tx: Tx, forged: readonly Incoming<unknown>[]): Promise<void> {
    if (forged.length === 0) return;
    await this.deadLetters.add(
      tx,
      forged.map(({ topic, partition, offset, key, value }) => ({
        topic,
        partition,
        offset,
        key,
        sha256: digestOfBytes(value),
        code: 'evidence_invalid',
      })),
    );
  }
}
