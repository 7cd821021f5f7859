import type { SignedAttributes } from '#contracts';

/** One request as it came through a door, before anything about it is believed. */
export interface Ask {
  /** The exact value bytes, which the signature covers. */
  bytes: Buffer;
  signature: string | undefined;
  /** The CloudEvents attributes that came beside the value; over HTTP there are none, the signed ones count. */
  attributes?: SignedAttributes;
  /** Milliseconds since the epoch at which the broker appended it; undefined over HTTP, where the database's clock counts. */
  appendedAt: number | undefined;
  /** Wrong in what the signature does not cover. It ends this record and uses up no id: anybody may have changed it on the way. */
  carriage: 'good' | 'unsupported_mode' | 'schema_mismatch';
  traceparent: string | undefined;
}

/** A record of the requests topic; header values that are no Buffer (a header sent twice) count as absent. */
export interface RequestRecord {
  key: Buffer | null;
  value: Buffer | null;
  headers: Readonly<Record<string, unknown>>;
  timestamp: number;
}

/** CloudEvents 1.0 Kafka protocol binding, section 3.2: attributes are headers `ce_…`, the data is the value. */
export function readRecord({ key, value, headers, timestamp }: RequestRecord): Ask {
  const header = (name: string): string | undefined => {
    const bytes = headers[name];
    return Buffer.isBuffer(bytes) && bytes.length <= 8_192 ? bytes.toString('utf8') : undefined;
  };
  const id = header('ce_id') ?? '';
  const attributes = { id, source: header('ce_source') ?? '', type: header('ce_type') ?? '' };
  const isBinary = header('ce_specversion') === '1.0' && isJson(header('content-type'));
  const asked = {
    bytes: value ?? Buffer.alloc(0),
    signature: header('sallyport-signature'),
    appendedAt: timestamp,
    traceparent: header('traceparent'),
  };
  // In another mode the attributes lie somewhere in the value: only the signed ones can say whose record it was.
  if (!isBinary) return { ...asked, carriage: 'unsupported_mode' };
  const isKeyed = key?.toString('utf8') === id;
  return { ...asked, attributes, carriage: isKeyed ? 'good' : 'schema_mismatch' };
}

export interface RequestBody {
  rawBody: Buffer;
  signature: string | undefined;
  contentType: string | undefined;
  traceparent: string | undefined;
}

export function readBody({ rawBody, signature, contentType, traceparent }: RequestBody): Ask {
  const carriage = isJson(contentType) ? 'good' : 'unsupported_mode';
  return { bytes: rawBody, signature, appendedAt: undefined, carriage, traceparent };
}

/** `application/json`, with or without parameters (RFC 9110 section 8.3.1). */
const isJson = (contentType: string | undefined): boolean => /^application\/json\s*(?:;.*)?$/iu.test(contentType ?? '');
