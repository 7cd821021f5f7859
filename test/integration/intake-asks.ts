import type { IHeaders, KafkaMessage } from 'kafkajs';
import { requestType, topics } from '#contracts';
import { newId } from '#platform';
import { requestAttributes, signRequest, type SigningKey } from '#trust';

/** A request as an agent makes it, with every part that a spec may want to bend. */
export interface AskOver {
  id?: string;
  agent?: string;
  key: SigningKey;
  value?: unknown;
  /** The exact bytes instead of a value. */
  text?: string | Buffer;
  aud: string;
  iat?: number;
  type?: string;
}

export interface SignedAsk {
  id: string;
  bytes: Buffer;
  signature: string;
  source: string;
  type: string;
}

export function aValue(agent: string, over: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    subject: { type: 'agent', id: agent },
    action: { name: 'payment.refund', properties: { order: 'o-1', amount_minor: 4_200 } },
    resource: { type: 'shop.orders', id: 'prod/orders' },
    context: { justification: 'the parcel was lost' },
    requested_access: { profile: 'refunds', ttl_seconds: 60 },
    ...over,
  };
}

export function anAsk({
  id = newId(),
  agent = 'a',
  key,
  value = aValue(agent),
  text,
  aud,
  iat,
  type = requestType,
}: AskOver): SignedAsk {
  const bytes = Buffer.from(text ?? JSON.stringify(value));
  const ce = { ...requestAttributes(agent, id), type };
  const signature = signRequest(key, bytes, { aud, iat: iat ?? Math.floor(Date.now() / 1_000), ce });
  return { id, bytes, signature, source: ce.source, type };
}

export const kafkaAud = (gate: string): string => `${gate}/${topics.requests}`;

export function recordOf(ask: SignedAsk, headers: IHeaders = {}): { key: string; value: Buffer; headers: IHeaders } {
  return {
    key: ask.id,
    value: ask.bytes,
    headers: {
      ce_specversion: '1.0',
      ce_id: ask.id,
      ce_source: ask.source,
      ce_type: ask.type,
      ce_time: new Date().toISOString(),
      'content-type': 'application/json',
      'sallyport-signature': ask.signature,
      ...headers,
    },
  };
}

/** `ce_type` and data of a record of one of the gate's topics. */
export function eventOf(record: KafkaMessage): { type: string; data: Record<string, unknown>; key: string } {
  return {
    type: record.headers?.['ce_type']?.toString() ?? '',
    data: JSON.parse(record.value?.toString() ?? '{}') as Record<string, unknown>,
    key: record.key?.toString() ?? '',
  };
}
