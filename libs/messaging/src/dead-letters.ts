import { topics } from '#contracts';
import type { Tx } from '#database';
import type { Incoming } from './incoming.js';
import type { Outbox } from './outbox.js';
import { sha256Of } from './runner/read-record.js';

/** Where a record was and why it is dead. Never what it held. */
export interface DeadLetter {
  topic: string;
  partition: number;
  offset: string;
  key: string;
  /** `sha256:<base64url>` of the value bytes. */
  sha256: string;
  code: string;
}

/** Longest part of a key that is told on: the key of an untrusted record may hold anything. */
const longestKey = 128;

/** Tells operators, on `sallyport.dlq.v1`, that a record will not be handled: where it is, its hash, and why. */
export class DeadLetters {
  constructor(
    private readonly outbox: Outbox,
    private readonly service: string,
  ) {}

  /** Events whose statements do not verify, or are about something else: they change nothing. */
  async bury(tx: Tx, forged: readonly Incoming<unknown>[]): Promise<void> {
    if (forged.length === 0) return;
    const letters = forged.map(({ topic, partition, offset, key, value }) => {
      return { topic, partition, offset, key, sha256: sha256Of(value), code: 'evidence_invalid' };
    });
    await this.add(tx, letters);
  }

  async add(tx: Tx, letters: readonly DeadLetter[]): Promise<void> {
    await this.outbox.send(
      tx,
      letters.map(({ topic, partition, offset, key, sha256, code }) => ({
        topic: topics.deadLetters,
        // Unique per record and reader, so that no letter waits behind another.
        key: `${this.service}:${topic}:${String(partition)}:${offset}`,
        headers: { 'content-type': 'application/json' },
        value: JSON.stringify({
          service: this.service,
          topic,
          partition,
          offset,
          key: key.slice(0, longestKey),
          sha256,
          code,
        }),
      })),
    );
  }
}
