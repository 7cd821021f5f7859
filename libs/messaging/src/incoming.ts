import type { DataOf, EventDefinition } from '#contracts';
import type { Tx } from '#database';

/** One event that passed decoding and validation. `data` has the shape of its schema; `value` is what was on the topic. */
export interface Incoming<D> {
  /** CloudEvents `id`; for services a fresh UUIDv7 per saying. */
  id: string;
  type: string;
  source: string;
  /** Action id, or `kind:id`. */
  subject: string;
  /** Version of the producer's row. Grows per (source, subject); an equal or lower one never reaches a handler. */
  sequence: number;
  /** When it was said (RFC 3339). For showing only: decisions use the database's clock. */
  time: string;
  /** W3C trace context of the event. Give it to `say` so that the trace goes on. */
  traceparent: string | undefined;
  data: D;
  topic: string;
  partition: number;
  /** Kafka's 64-bit offset in decimal. */
  offset: string;
  key: string;
  /** The exact bytes, for hashing. */
  value: Buffer;
  headers: Record<string, string>;
}

/**
 * Acts on a slice of events of one type, in the transaction that also records them as seen.
 * No two events of one slice share a key: the runner calls in rounds, the k-th event of each key in round k.
 * What it throws decides: a retryable `Fault` waits and tries again for ever; anything else is looked for event by
 * event, and the one that cannot be handled becomes a dead letter.
 */
export interface SliceHandler<E extends EventDefinition> {
  handle: (events: Incoming<DataOf<E>>[], tx: Tx) => Promise<void>;
}

/** As `SliceHandler`, for all known types of some topics at once; also in rounds, so that no slice holds a key twice. */
export interface AnyHandler {
  handle: (events: Incoming<unknown>[], tx: Tx) => Promise<void>;
}

/** A record of an untrusted topic, untouched: no header is decoded, nothing is validated, nothing is deduplicated. */
export interface RawRecord {
  topic: string;
  partition: number;
  offset: string;
  key: Buffer | null;
  value: Buffer | null;
  headers: Record<string, Buffer>;
  /** Milliseconds since the epoch; on a topic with LogAppendTime the broker's time of append. */
  timestamp: number;
}

/**
 * Gets the whole slice in one call, in the order of each partition. Keys are the senders' word and prove nothing, so
 * there are no rounds: the same key, id or bytes may occur many times in one slice.
 */
export interface RawHandler {
  handle: (records: RawRecord[], tx: Tx) => Promise<void>;
}

/** A record that will never be handled. What it held is not passed on. */
export interface Unreadable {
  topic: string;
  partition: number;
  offset: string;
  /** The Kafka key, which on lifecycle topics is the action id; empty when there was none. */
  key: string;
  code: UnreadableCode;
  /** `sha256:<base64url>` of the value bytes. */
  sha256: string;
}

/**
 * Why: no CloudEvents attributes in binary mode, structured mode, no value, no JSON, another shape than the schema,
 * or a handler that failed on this event alone, again and again, for a reason other than infrastructure.
 */
export type UnreadableCode =
  | 'not_a_cloudevent'
  | 'unsupported_mode'
  | 'no_value'
  | 'malformed_json'
  | 'schema_mismatch'
  | 'key_mismatch'
  | 'handler_failed';

/** Ends what this service holds of the keys named, in the transaction that writes the dead letters. */
export interface UnreadableHandler {
  handle: (records: Unreadable[], tx: Tx) => Promise<void>;
}
