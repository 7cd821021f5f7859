import { isUtf8 } from 'node:buffer';
import { requestLimits } from '#contracts';
import { JsonReader, Refused, type JsonLimits, type JsonValue, type StrictJsonCode } from './json-reader.js';

export { type JsonLimits, type JsonValue, type StrictJsonCode } from './json-reader.js';

export type ParsedJson = { ok: true; value: JsonValue } | { ok: false; code: StrictJsonCode };

/**
 * Reads I-JSON (RFC 7493) so that no two readers can understand the same bytes differently. Refused are: invalid
 * UTF-8 and a byte order mark (`malformed_json`), a member named twice after unescaping (`duplicate_key`), lone
 * surrogates, `-0`, numbers that a double does not hold exactly as written, and the name `__proto__`
 * (`not_i_json`), and whatever exceeds the limits. Objects have no prototype. What is accepted equals `JSON.parse`.
 */
export function parseStrict(bytes: Uint8Array, limits: JsonLimits = requestLimits): ParsedJson {
  if (bytes.length > limits.bytes) return { ok: false, code: 'too_large' };
  if (!isUtf8(bytes)) return { ok: false, code: 'malformed_json' };
  try {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
    return { ok: true, value: new JsonReader(text, limits).document() };
  } catch (error) {
    if (error instanceof Refused) return { ok: false, code: error.code };
    throw error;
  }
}
