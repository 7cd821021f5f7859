import { serviceUrn, topicSettings } from '#contracts';
import type { Tx } from '#database';
import { Fault, newId } from '#platform';
import { laneOf, type NewRow, type OutboxKey, type OutboxRow } from './relay/outbox-row.js';
import type { RawOut, Said } from './said.js';

export interface OutboxParts {
  service: string;
  table: { add(tx: Tx, rows: readonly NewRow[], newKeys: readonly OutboxKey[]): Promise<OutboxRow[]> };
  relay: { enqueue(rows: readonly OutboxRow[]): void };
}

/** Headers and the frame of a record batch, generously. */
const overheadBytes = 8_192;
const usualLimit = 1_048_576;
const limits: ReadonlyMap<string, number> = new Map(
  topicSettings.map(({ topic, config }) => [topic, Number(config['max.message.bytes'] ?? usualLimit) - overheadBytes]),
);

/** What a transaction says. It reaches Kafka if and only if the transaction commits, in the order of its keys. */
export class Outbox {
  readonly #saidIn = new WeakMap<Tx, Set<string>>();

  constructor(private readonly parts: OutboxParts) {}

  /**
   * Says events. Call it after the rows that the events are about are locked or written: that is what puts the events of one
   * key in the order of their commits. Throws a Fault (`kafka_refused`, not retryable) for a message that no broker would take.
   */
  async say(tx: Tx, messages: readonly Said[]): Promise<void> {
    await this.#add(
      tx,
      messages.map((message) => this.#rowOf(message)),
    );
  }

  /** Sends records whose exact bytes matter. Order and limits as in `say`. */
  async send(tx: Tx, rows: readonly RawOut[]): Promise<void> {
    await this.#add(
      tx,
      rows.map(({ topic, key, headers, value }) => ({
        topic,
        key,
        headers,
        value: typeof value === 'string' ? Buffer.from(value) : value,
      })),
    );
  }

  async #add(tx: Tx, rows: readonly NewRow[]): Promise<void> {
    if (rows.length === 0) return;
    for (const row of rows) mustFit(row);
    const unsent = await this.parts.table.add(tx, rows, this.#newKeys(tx, rows));
    tx.afterCommit(() => {
      this.parts.relay.enqueue(unsent);
    });
  }

  /** The topics and keys that this transaction has not said anything about: what was unsent of the others is already known. */
  #newKeys(tx: Tx, rows: readonly NewRow[]): OutboxKey[] {
    const said = this.#saidIn.get(tx) ?? new Set<string>();
    this.#saidIn.set(tx, said);
    return rows.filter((row) => {
      const key = laneOf(row);
      if (said.has(key)) return false;
      said.add(key);
      return true;
    });
  }

  /** CloudEvents 1.0, Kafka binary mode. `ce_time` is for showing only. */
  #rowOf({ event, subject, sequence, data, traceparent }: Said): NewRow {
    const headers: Record<string, string> = {
      ce_specversion: '1.0',
      ce_id: newId(),
      ce_source: serviceUrn(this.parts.service),
      ce_type: event.type,
      ce_subject: subject,
      ce_sequence: String(sequence),
      ce_time: new Date().toISOString(),
      'content-type': 'application/json',
    };
    if (traceparent !== undefined) headers['traceparent'] = traceparent;
    return { topic: event.topic, key: subject, headers, value: Buffer.from(JSON.stringify(data)) };
  }
}

/** Found out here, the work that says it fails visibly; found out by the broker, it would hold up its key for ever. */
function mustFit({ topic, value }: NewRow): void {
  const limit = limits.get(topic) ?? usualLimit - overheadBytes;
  if (value.length <= limit) return;
  throw new Fault('kafka_refused', {
    retryable: false,
    message: `a message of ${String(value.length)} bytes is above the ${String(limit)} of ${topic}`,
  });
}
