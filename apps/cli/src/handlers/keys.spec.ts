import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { generateKeys, Keyring, readTrustFile } from '#trust';
import { Output } from '../io/output.js';
import { addNewKey, listKeys, removeOldKey, retireOldKey, useNewKey, type KeyPlaces } from './keys.js';

/** Keeps what would be printed. */
class Kept extends Output {
  readonly lines: string[] = [];
  override result(_: unknown, text: string): void {
    this.lines.push(text);
  }
}

let dir: string;
let places: KeyPlaces;
let output: Kept;
const kid = (): string => Keyring.read(places.keys).keyFor('verdict').kid;
const age = (file: string, seconds: number): void => {
  const then = Date.now() / 1_000 - seconds;
  utimesSync(file, then, then);
};

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sallyport-keys-'));
  const { keysFiles, trustFile } = generateKeys('gate.test.example', join(dir, 'keys'));
  places = { keys: keysFiles['policy'] ?? '', trust: trustFile };
  output = new Kept(false);
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

describe('sallyport keys', () => {
  it('takes the four steps, each only when the one before has had its time', () => {
    const old = kid();
    addNewKey(output, places, 'verdict');
    const [, fresh = ''] = Keyring.read(places.keys)
      .keysFor('verdict')
      .map((key) => key.kid);
    expect(kid()).toBe(old);
    expect(() => {
      useNewKey(output, places, fresh);
    }).toThrow(/^Nothing was changed: .*Again in [1-5] s\.$/u);
    age(places.trust, 6);
    useNewKey(output, places, fresh);
    expect(kid()).toBe(fresh);
    const retire = (atOnce: boolean): void => {
      retireOldKey(output, places, { kid: old, atOnce, nothingLeft: false });
    };
    expect(() => {
      retire(false);
    }).toThrow('Again in 90 s');
    age(places.keys, 91);
    retire(false);
    listKeys(output, places);
    expect(output.lines.some((line) => line.includes(`${old}  retired`))).toBe(true);
    removeOldKey(output, places, old);
    expect(readFileSync(places.trust, 'utf8')).not.toContain(old);
  });

  it('retires a stolen key at once', () => {
    const old = kid();
    addNewKey(output, places, 'verdict');
    age(places.trust, 6);
    useNewKey(output, places, Keyring.read(places.keys).keysFor('verdict')[1]?.kid ?? '');
    retireOldKey(output, places, { kid: old, atOnce: true, nothingLeft: false });
    expect(readTrustFile(places.trust).keys.find((key) => key.kid === old)?.retired_at).toBeDefined();
  });

  it('writes a file whole, for its owner alone, and not while another run writes it', () => {
    chmodSync(places.keys, 0o400);
    addNewKey(output, places, 'outcome');
    expect(statSync(places.keys).mode & 0o777).toBe(0o400);
    expect(existsSync(`${places.keys}.next`)).toBe(false);
    writeFileSync(`${places.trust}.next`, '');
    const before = readFileSync(places.trust, 'utf8');
    expect(() => {
      addNewKey(output, places, 'service');
    }).toThrow('another run is writing it');
    expect(readFileSync(places.trust, 'utf8')).toBe(before);
  });

  it('changes the key that wraps in the keys file alone, and destroys the old one only when told that nothing is under it', () => {
    places.keys = places.keys.replace('policy.keys', 'credentials.keys');
    const trust = readFileSync(places.trust, 'utf8');
    const keyring = (): Keyring => Keyring.read(places.keys);
    const old = keyring().sealingId();
    const wrapped = keyring().wrap(Buffer.alloc(32, 1));
    addNewKey(output, places, 'seal');
    expect(keyring().sealingId()).toBe(old);
    const fresh = /^(\S+) added/u.exec(output.lines.at(-1) ?? '')?.[1] ?? '';
    expect(() => {
      useNewKey(output, places, fresh);
    }).toThrow('Again in 5 s');
    age(places.keys, 6);
    useNewKey(output, places, fresh);
    expect(keyring().sealingId()).toBe(fresh);
    expect(keyring().unwrap(wrapped)).toEqual(Buffer.alloc(32, 1));
    const retire = (kid: string, nothingLeft: boolean): void => {
      retireOldKey(output, places, { kid, atOnce: false, nothingLeft });
    };
    expect(() => {
      retire(fresh, true);
    }).toThrow('the one that wraps');
    expect(() => {
      retire(old, false);
    }).toThrow('would be lost');
    expect(() => {
      retire(old, true);
    }).toThrow('may still be fetched');
    age(places.keys, 91);
    retire(old, true);
    expect(keyring().unwrap(wrapped)).toBeUndefined();
    expect(readFileSync(places.trust, 'utf8')).toBe(trust);
  });

  it('shows no private key', () => {
    addNewKey(output, places, 'verdict');
    listKeys(output, places);
    const secrets = [...readFileSync(places.keys, 'utf8').matchAll(/"d": "([\w-]+)"/gu)].map(([, d]) => d ?? '');
    expect(secrets.length).toBeGreaterThan(3);
    for (const secret of secrets) expect(output.lines.join('\n')).not.toContain(secret);
  });
});
