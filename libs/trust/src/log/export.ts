import { createHash, createHmac, createSecretKey } from 'node:crypto';

/** What a leaf says of an event's value: HMAC-SHA256(salt, value), base64url. Without the salt it says nothing. */
export function commitment(value: Buffer, salt: Buffer): string {
  // As a key object: Node 24 takes twice as long for a key that is plain bytes.
  return createHmac('sha256', createSecretKey(salt)).update(value).digest('base64url');
}

/** The body of an export's manifest: what its files must hash to. Signed as a note by the checkpoint key. */
export function manifestText(origin: string, size: bigint, entries: Buffer, keys: Buffer): string {
  return `${origin}/export\n${size}\n${entries.toString('base64')}\n${keys.toString('base64')}\n`;
}

/** A running SHA-256 over the lines of a file; each ends with a newline. */
export class LineHash {
  readonly #hash = createHash('sha256');

  /** @param line without its newline */
  add(line: string): this {
    this.#hash.update(line).update('\n');
    return this;
  }

  /** Once. */
  done(): Buffer {
    return this.#hash.digest();
  }
}
