import { createHash } from 'node:crypto';
import { topics } from '#contracts';
import type { KafkaMessage } from 'kafkajs';
import type { Incoming, RawRecord, UnreadableCode } from '../incoming.js';
import { rawHeaders, textHeaders } from './headers.js';
import type { Item, Wait } from './item.js';
import type { Route, Routes } from './routes.js';

export interface Place {
  topic: string;
  partition: number;
}

/** Integers that a double holds exactly, without sign or leading zeros. */
const sequenceShape = /^(?:0|[1-9]\d{0,14})$/u;

/**
 * Decodes one record (CloudEvents 1.0 in Kafka binary mode) and validates its data once, with the schema of its type.
 * A type that is not heard costs a look at one header.
 */
export function readRecord(message: KafkaMessage, place: Place, routes: Routes): Item | Wait {
  const raw = routes.raw(place.topic);
  if (raw) return { kind: 'raw', lane: raw, record: rawRecord(message, place) };
  const headers = textHeaders(message.headers);
  const { ce_type: type, ce_specversion: version } = headers;
  if (type === undefined || version !== '1.0') return unreadable(message, place, modeCode(headers));
  const route = routes.find(place.topic, type);
  if (route) return readEvent({ message, place, headers, route });
  if (routes.isOtherVersion(place.topic, type)) return { kind: 'wait', code: 'unknown_major_version', type };
  return { kind: 'skip' };
}

export function rawRecord(
  { key, value, headers, offset, timestamp }: KafkaMessage,
  { topic, partition }: Place,
): RawRecord {
  return { topic, partition, offset, key, value, headers: rawHeaders(headers), timestamp: Number(timestamp) };
}

function modeCode(headers: Record<string, string>): UnreadableCode {
  const isStructured = headers['content-type']?.startsWith('application/cloudevents') ?? false;
  return isStructured ? 'unsupported_mode' : 'not_a_cloudevent';
}

interface Routed {
  message: KafkaMessage;
  place: Place;
  headers: Record<string, string>;
  route: Route;
}

function readEvent({ message, place, headers, route }: Routed): Item | Wait {
  const about = attributesOf(headers);
  if (!about) return unreadable(message, place, 'not_a_cloudevent');
  const key = keyText(message);
  if (key !== about.subject) return unreadable(message, place, 'key_mismatch');
  const { value, offset } = message;
  if (value === null || value.length === 0) return unreadable(message, place, 'no_value');
  const data = readData(value, route);
  if (!data.ok) return unreadable(message, place, data.code);
  if (route.concerns?.(about.type, data.value) === false) return { kind: 'skip' };
  const { topic, partition } = place;
  const event: Incoming<unknown> = { ...about, data: data.value, topic, partition, offset, key, value, headers };
  return { kind: 'event', lane: route.lane, event };
}

type Attributes = Pick<Incoming<unknown>, 'id' | 'type' | 'source' | 'subject' | 'sequence' | 'time' | 'traceparent'>;

function attributesOf(headers: Record<string, string>): Attributes | undefined {
  const { ce_id: id, ce_type: type, ce_source: source, ce_subject: subject, ce_sequence: sequence } = headers;
  if (!id || !type || !source || !subject || !sequenceShape.test(sequence ?? '')) return undefined;
  const { ce_time: time = '', traceparent } = headers;
  return { id, type, source, subject, sequence: Number(sequence), time, traceparent };
}

type Data = { ok: true; value: unknown } | { ok: false; code: UnreadableCode };

function readData(bytes: Buffer, { schema }: Route): Data {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch {
    return { ok: false, code: 'malformed_json' };
  }
  const parsed = schema.safeParse(json);
  return parsed.success ? { ok: true, value: parsed.data } : { ok: false, code: 'schema_mismatch' };
}

function unreadable(message: KafkaMessage, place: Place, code: UnreadableCode): Item | Wait {
  // Passing over a registry entry would leave an old truth standing: a suspended agent, a removed member.
  if (place.topic === topics.registry) return { kind: 'wait', code: 'unreadable_registry_entry', type: code };
  const { offset, value } = message;
  return {
    kind: 'unreadable',
    holds: true,
    record: { ...place, offset, key: keyText(message), code, sha256: sha256Of(value) },
  };
}

export function sha256Of(value: Buffer | null): string {
  return `sha256:${createHash('sha256')
    .update(value ?? Buffer.alloc(0))
    .digest('base64url')}`;
}

export function keyText({ key }: { key: Buffer | null }): string {
  return key?.toString('utf8') ?? '';
}
