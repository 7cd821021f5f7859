import { gunzipSync } from 'node:zlib';

const block = 512;
/** A bundle is far smaller; a gzip bomb must not take the process. */
const largestBytes = 64 * 1024 * 1024;

const text = (bytes: Buffer): string => {
  const end = bytes.indexOf(0);
  return bytes.subarray(0, end === -1 ? undefined : end).toString('utf8');
};

/**
 * The regular files of a gzipped ustar archive, as `opa build` writes it; names without the leading slash.
 * @throws Error when the archive is cut off or holds more than 64 MiB
 */
export function readTarGz(archive: Buffer): Map<string, Buffer> {
  const bytes = gunzipSync(archive, { maxOutputLength: largestBytes });
  const files = new Map<string, Buffer>();
  for (let at = 0; at + block <= bytes.length;) {
    const header = bytes.subarray(at, at + block);
    const name = text(header.subarray(0, 100));
    if (name === '') break;
    const size = Number.parseInt(text(header.subarray(124, 136)).trim(), 8);
    const from = at + block;
    if (!Number.isSafeInteger(size) || from + size > bytes.length) throw new Error('the archive is cut off');
    const kind = header[156];
    if (kind === 0 || kind === 0x30) files.set(name.replace(/^\/+/u, ''), bytes.subarray(from, from + size));
    at = from + Math.ceil(size / block) * block;
  }
  return files;
}
