import type { DataOf, EventDefinition } from '#contracts';

/** What a handler says. It reaches Kafka if and only if the transaction commits. */
export interface Said<E extends EventDefinition = EventDefinition> {
  event: E;
  /** The Kafka key and CloudEvents `subject`: the action id, or `kind:id`. */
  subject: string;
  /**
   * Version of the producer's row after this change. It must grow with every event that this service says about this
   * subject, also over different types: readers drop an event whose number is not above the last one they saw.
   */
  sequence: number;
  data: DataOf<E>;
  /** W3C trace context of what caused it. */
  traceparent?: string | undefined;
}

/** A record with exact bytes, for outcomes whose signature covers them. */
export interface RawOut {
  topic: string;
  key: string;
  headers: Record<string, string>;
  value: string | Buffer;
}
