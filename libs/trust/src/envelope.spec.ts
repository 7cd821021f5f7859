import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { Envelope, KekProvider, KekUnknown } from './envelope.js';
import { kekId, unwrapKey, wrapKey, type WrappedKey } from './seal.js';

/** Key-encrypting keys in memory; the first wraps. */
class HeldKeks extends KekProvider {
  constructor(public keks: Buffer[]) {
    super();
  }
  override current(): Promise<string> {
    return Promise.resolve(kekId(this.keks[0] ?? Buffer.alloc(0)));
  }
  override wrap(dataKey: Buffer): Promise<WrappedKey> {
    return Promise.resolve(wrapKey(this.keks[0] ?? Buffer.alloc(0), dataKey));
  }
  override unwrap(key: WrappedKey): Promise<Buffer> {
    const kek = this.keks.find((each) => kekId(each) === key.kek);
    const dataKey = kek && unwrapKey(kek, key);
    return dataKey === undefined ? Promise.reject(new KekUnknown(key.kek)) : Promise.resolve(dataKey);
  }
}

const [first, second] = [randomBytes(32), randomBytes(32)];

describe('an envelope', () => {
  it('opens about the same thing only, and a data key is used once', async () => {
    const envelope = new Envelope(new HeldKeks([first]));
    const [one, two] = [await envelope.seal('a secret', 'row-1'), await envelope.seal('a secret', 'row-1')];
    expect(await envelope.open(one, 'row-1')).toBe('a secret');
    expect(await envelope.open(one, 'row-2')).toBeUndefined();
    expect(await envelope.open({ sealed: one.sealed, key: two.key }, 'row-1')).toBeUndefined();
  });

  it('is wrapped anew without its text, and opens then without the old key', async () => {
    const keks = new HeldKeks([first]);
    const envelope = new Envelope(keks);
    const { sealed, key } = await envelope.seal('a secret', 'row-1');
    keks.keks = [second, first];
    const fresh = await envelope.rewrap(key);
    expect(fresh.kek).toBe(kekId(second));
    keks.keks = [second];
    expect(await envelope.open({ sealed, key: fresh }, 'row-1')).toBe('a secret');
    await expect(envelope.open({ sealed, key }, 'row-1')).rejects.toMatchObject({ code: 'kek_unknown', kek: kekId(first) });
  }); // prettier-ignore

  it('cannot be opened by a data key that says it is under another KEK, or with any byte changed', async () => {
    const keks = new HeldKeks([first, second]);
    const envelope = new Envelope(keks);
    const { sealed, key } = await envelope.seal('a secret', 'row-1');
    const lies = { sealed, key: { ...key, kek: kekId(second) } };
    await expect(envelope.open(lies, 'row-1')).rejects.toThrow(KekUnknown);
    for (let at = 0; at < key.wrapped.length; at += 1) {
      const wrapped = Buffer.from(key.wrapped);
      wrapped[at] = (wrapped[at] ?? 0) ^ 1;
      await expect(envelope.open({ sealed, key: { ...key, wrapped } }, 'row-1')).rejects.toThrow(KekUnknown);
    }
  });
});
