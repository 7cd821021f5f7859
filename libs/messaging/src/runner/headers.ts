import type { IHeaders } from 'kafkajs';

/** Each header as its bytes. One that occurs twice is left out: what is ambiguous counts as absent. */
export function rawHeaders(headers: IHeaders | undefined): Record<string, Buffer> {
  const entries: [string, Buffer][] = [];
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (value === undefined || Array.isArray(value)) continue;
    entries.push([name, typeof value === 'string' ? Buffer.from(value) : value]);
  }
  return Object.fromEntries(entries);
}

/** Each header as text (UTF-8), as the CloudEvents Kafka binding (section 3.2) says. */
export function textHeaders(headers: IHeaders | undefined): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined || Array.isArray(value) || name === '__proto__') continue;
    texts[name] = typeof value === 'string' ? value : value.toString('utf8');
  }
  return texts;
}
