import { canonical, commitment, leafHash } from '#trust';

/** Where and when an event stood on its topic: the public part of a leaf. */
export interface Recorded {
  type: string;
  id: string;
  source: string;
  /** The action id, or `kind:id` of a registry entry. */
  subject: string;
  topic: string;
  partition: number;
  /** Kafka offset as a decimal string. */
  offset: string;
  /** RFC 3339, as the producer wrote it. */
  time: string;
}

export interface Leaf {
  /** The exact bytes that are hashed, as UTF-8 text (RFC 8785). */
  text: string;
  hash: Buffer;
}

/**
 * The leaf of one event. The value itself is not in it, only a commitment under a random salt: value and salt can be
 * erased later without breaking the log, and a short value cannot be guessed from the commitment.
 *
 * @param salt 32 random bytes, used once
 */
export function leafOf(event: Recorded, value: Buffer, salt: Buffer): Leaf {
  const text = canonical({
    type: event.type,
    id: event.id,
    source: event.source,
    subject: event.subject,
    topic: event.topic,
    partition: event.partition,
    offset: event.offset,
    time: event.time,
    value_hmac: commitment(value, salt),
  });
  return { text, hash: leafHash(Buffer.from(text, 'utf8')) };
}
