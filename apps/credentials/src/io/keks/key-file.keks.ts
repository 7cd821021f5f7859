import { Injectable } from '@nestjs/common';
import { KekProvider, Keyring, KekUnknown, type WrappedKey } from '#trust';

/** Key-encrypting keys in the keys file of this service: `seal_keys`, of which the first wraps and all unwrap. Read again when it changes. */
@Injectable()
export class KeyFileKeks extends KekProvider {
  constructor(private readonly keyring: Keyring) {
    super();
  }

  override current(): Promise<string> {
    return Promise.resolve(this.keyring.sealingId());
  }

  override wrap(dataKey: Buffer): Promise<WrappedKey> {
    return Promise.resolve(this.keyring.wrap(dataKey));
  }

  override unwrap(key: WrappedKey): Promise<Buffer> {
    const dataKey = this.keyring.unwrap(key);
    return dataKey === undefined ? Promise.reject(new KekUnknown(key.kek)) : Promise.resolve(dataKey);
  }
}
