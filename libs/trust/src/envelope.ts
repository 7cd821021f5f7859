import { randomBytes } from 'node:crypto';
import { sealText, unsealText, type WrappedKey } from './seal.js';

/**
 * Holds key-encrypting keys and never gives one away: a file, or a key management service. What does not answer is a retryable fault of
 * the provider's own.
 */
export abstract class KekProvider {
  /** The id of the KEK that wraps now. */
  abstract current(): Promise<string>;
  abstract wrap(dataKey: Buffer): Promise<WrappedKey>;
  /** Throws KekUnknown for a KEK that it does not hold, or that did not wrap this. */
  abstract unwrap(key: WrappedKey): Promise<Buffer>;
}

/** What was sealed under this KEK cannot be opened: the key was taken away, or never was here. Waiting does not help. */
export class KekUnknown extends Error {
  readonly code = 'kek_unknown';

  constructor(readonly kek: string) {
    super(`there is no key-encrypting key ${kek} that opens this`);
    this.name = 'KekUnknown';
  }
}

/** A text under a data key of its own, and that key under a KEK. */
export interface Enveloped {
  sealed: Buffer;
  key: WrappedKey;
}

/** Envelope encryption: whoever changes the KEK wraps the data keys anew and leaves what they seal as it is. */
export class Envelope {
  constructor(private readonly keks: KekProvider) {}

  /** `about` is what the text belongs to, and must be said again to open it. */
  async seal(text: string, about: string): Promise<Enveloped> {
    const dataKey = randomBytes(32);
    const key = await this.keks.wrap(dataKey);
    return { sealed: sealText(dataKey, text, about), key };
  }

  /** Undefined when it is about something else, or was changed. Throws KekUnknown. */
  async open({ sealed, key }: Enveloped, about: string): Promise<string | undefined> {
    return unsealText(await this.keks.unwrap(key), sealed, about);
  }

  /** The same data key under the KEK that wraps now. Throws KekUnknown. */
  async rewrap(key: WrappedKey): Promise<WrappedKey> {
    return this.keks.wrap(await this.keks.unwrap(key));
  }

  current(): Promise<string> {
    return this.keks.current();
  }
}
