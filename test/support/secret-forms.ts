import { constants, inflateRawSync } from 'node:zlib';
import { leastBytes } from './needle-search.js';

/** What a secret looks like: as it is, in base64, base64url and hexadecimal, and as part of a URL. A secret that is itself base64url (a key) is looked for by its bytes too. */
export function formsOf(secret: string): Buffer[] {
  const raw = /^[\w-]{43}$/u.test(secret) ? [Buffer.from(secret, 'base64url')] : [];
  const bytes = [Buffer.from(secret, 'utf8'), ...raw];
  const texts = bytes.flatMap((each) => [...insideBase64(each), each.toString('hex'), each.toString('hex').toUpperCase()]); // prettier-ignore
  const forms = [secret, encodeURIComponent(secret), ...texts].map((text) => Buffer.from(text, 'utf8'));
  const distinct = new Map([...forms, ...raw].map((form) => [form.toString('latin1'), form]));
  return [...distinct.values()].filter((form) => form.length >= leastBytes);
}

/** Inside base64 text its place decides about the first and last characters: only those between are always the same. */
function insideBase64(bytes: Buffer): string[] {
  const inside = [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/u, '');
    return text.slice(shift === 0 ? 0 : 4, (shift + bytes.length) % 3 === 0 ? undefined : -1);
  });
  return inside.flatMap((text) => [text, text.replaceAll('+', '-').replaceAll('/', '_')]);
}

const gzipMagic = Buffer.from([0x1f, 0x8b, 0x08]);
const mostUnpacked = 32 * 1_024 * 1_024;

/** Everything that is packed by gzip (RFC 1952) somewhere inside, unpacked, whatever follows it, and also where its end is missing. */
export function unpacked(bytes: Buffer): Buffer[] {
  const streams: Buffer[] = [];
  for (let at = bytes.indexOf(gzipMagic); at >= 0; at = bytes.indexOf(gzipMagic, at + 1)) {
    const data = bytes.subarray(at + headerLength(bytes, at));
    try {
      const limits = { maxOutputLength: mostUnpacked, finishFlush: constants.Z_SYNC_FLUSH };
      streams.push(inflateRawSync(data, limits));
    } catch {
      // Three bytes that only look like a beginning.
    }
  }
  return streams;
}

/** RFC 1952, section 2.3: ten bytes, then what the flags announce. */
function headerLength(bytes: Buffer, at: number): number {
  const flags = bytes[at + 3] ?? 0;
  let length = 10;
  if ((flags & 4) !== 0 && at + length + 2 <= bytes.length) length += 2 + bytes.readUInt16LE(at + length);
  // A name and a comment each end with a zero.
  for (const flag of [8, 16]) {
    const end = (flags & flag) === 0 ? -1 : bytes.indexOf(0, at + length);
    if (end >= 0) length = end + 1 - at;
  }
  return (flags & 2) === 0 ? length : length + 2;
}
