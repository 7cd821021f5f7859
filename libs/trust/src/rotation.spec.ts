import { acceptance, actionTokenClaims, closing, counting, granting, personKey, registryEntry, replay, stepUp, verdict } from '#contracts'; // prettier-ignore
import { describe, expect, it } from '@jest/globals';
import { generateKey, publicOf, type KeysFile } from './key-files.js';
import { signCompact } from './jws.js';
import { signingKey } from './jwk.js';
import { Keyring } from './keyring.js';
import { addKey, keyLines, removeKey, retireKey, useKey, type GateFiles, type Step } from './rotation.js';
import { Trust } from './trust.js';
import { z } from 'zod';

const at = '2026-11-24T12:00:00.000Z';
const seconds = Date.parse(at) / 1_000;

function fresh(): GateFiles {
  const keys: KeysFile['keys'] = (['verdict', 'outcome', 'service'] as const).map(generateKey);
  const [gate, service] = ['gate.test.example', 'policy'];
  return {
    keys: { version: 'sallyport.keys/1', gate, service, nonce_key: 'A'.repeat(43), keys },
    trust: {
      version: 'sallyport.trust/1',
      gate,
      keys: keys.map(({ kid, purpose, jwk }) => ({ kid, purpose, service, jwk: publicOf(jwk) })),
    },
  };
}

function taken(step: Step): { kid: string; files: GateFiles } {
  if (!step.ok) throw new Error(step.why);
  return step;
}

const schema = z.looseObject({ gate: z.string() });
const verifies = ({ trust }: GateFiles, jws: string): boolean =>
  new Trust(trust).verify(jws, { purpose: 'verdict', service: 'policy', schema }).ok;
const sign = ({ keys }: GateFiles, said: object = { iat: seconds - 10 }): string =>
  new Keyring(keys).sign('verdict', { gate: keys.gate, ...said });
const kidOf = ({ keys }: GateFiles): string => new Keyring(keys).keyFor('verdict').kid;

describe('the keys of a service', () => {
  const start = fresh();
  const old = kidOf(start);
  const added = taken(addKey(start, 'verdict'));
  const used = taken(useKey(added.files, added.kid));
  const retired = taken(retireKey(used.files, old, at));
  const removed = taken(removeKey(retired.files, old));

  it('are changed so that at each step what anybody signs verifies with the files of the step before and after', () => {
    const steps = [start, added.files, used.files, retired.files];
    for (const [index, files] of steps.entries()) {
      for (const near of steps.slice(Math.max(index - 1, 1), index + 2)) expect(verifies(near, sign(files))).toBe(true);
    }
    expect([kidOf(added.files), kidOf(used.files)]).toEqual([old, added.kid]);
  });

  it('verify when retired what says that it was said before, and nothing that says it was said later, or not when', () => {
    for (const said of [{ iat: seconds }, { received_at: at }, { changed_at: at }, { confirmed_at: at }, { until: seconds + 8 * 3_600 }])
      expect([said, verifies(retired.files, sign(start, said))]).toEqual([said, true]);
    const later = '2026-11-24T12:00:00.001Z';
    for (const said of [{ iat: seconds + 1 }, { received_at: later }, { changed_at: later }, { confirmed_at: later }, { until: seconds + 8 * 3_600 + 1 }, {}, { iat: 'x' }])
      expect([said, verifies(retired.files, sign(start, said))]).toEqual([said, false]);
  }); // prettier-ignore

  it('sign nothing that lasts and does not say when it was made', () => {
    const lasting = { acceptance, actionTokenClaims, closing, counting, granting, personKey, registryEntry, replay, stepUp, verdict };
    const times = ['iat', 'received_at', 'changed_at', 'confirmed_at', 'until'];
    for (const [name, { shape }] of Object.entries(lasting)) expect([name, times.some((time) => time in shape)]).toEqual([name, true]);
  }); // prettier-ignore

  it('hold for detached statements too, by the time in the header', () => {
    const outcome = new Keyring(start.keys).keyFor('outcome').kid;
    const more = taken(addKey(start, 'outcome'));
    const { trust } = taken(retireKey(taken(useKey(more.files, more.kid)).files, outcome, at)).files;
    const says = (iat: number): boolean => {
      const signature = new Keyring(start.keys).signDetached('outcome', 'x', { iat });
      const by = { purpose: 'outcome', service: 'policy', header: ['iat'] } as const;
      return new Trust(trust).verifyDetached(Buffer.from('x'), signature, by).ok;
    };
    expect([says(seconds), says(seconds + 1)]).toEqual([true, false]);
  });

  it('verify nothing at all once removed', () => {
    expect(verifies(removed.files, sign(start))).toBe(false);
    expect(verifies(removed.files, sign(used.files))).toBe(true);
  });

  it('leave the keys file when they are retired', () => {
    expect(JSON.stringify(retired.files.keys)).not.toContain(old);
    expect(JSON.stringify(retired.files.trust)).not.toContain('"d"');
  });

  it('are listed with where they stand, and what is wrong', () => {
    const states = (files: GateFiles): string[] =>
      keyLines(files).filter(({ purpose }) => purpose === 'verdict').map(({ kid, state }) => `${kid === old ? 'old' : 'new'} ${state}`).sort(); // prettier-ignore
    expect(states(start)).toEqual(['old signs']);
    expect(states(added.files)).toEqual(['new waits', 'old signs']);
    expect(states(used.files)).toEqual(['new signs', 'old waits']);
    expect(states(retired.files)).toEqual(['new signs', 'old retired']);
    expect(states(removed.files)).toEqual(['new signs']);
    expect(states({ ...start, keys: used.files.keys })).toEqual(['new unpinned', 'old waits']);
    expect(states({ ...used.files, keys: start.keys })).toEqual(['new lost', 'old signs']);
  });

  it.each([
    ['a purpose that the service has not', addKey(start, 'vote'), 'no key of this purpose'],
    ['a third key', addKey(added.files, 'verdict'), 'finish that rotation first'],
    [
      'files of two gates',
      addKey({ ...start, trust: { ...start.trust, gate: 'other' } }, 'verdict'),
      'different gates',
    ],
    ['to use what is not there', useKey(start, added.kid), 'no such key'],
    ['to use what nobody would believe', useKey({ ...added.files, trust: start.trust }, added.kid), 'does not hold it'],
    ['to retire the key that signs', retireKey(start, old, at), 'the one that signs'],
    ['to retire twice', retireKey(retired.files, old, at), 'it was retired at'],
    ['to remove what is in force', removeKey(used.files, old), 'retire it first'],
  ])('refuse %s', (_, step, why) => {
    expect(step.ok ? '' : step.why).toContain(why);
  });

  it('cannot be brought back by whoever kept the old file: it verifies by its name alone', () => {
    const { jwk } = start.keys.keys.find(({ kid }) => kid === old) ?? { jwk: undefined };
    if (jwk === undefined) throw new Error('no key');
    const header = { kid: added.kid, typ: 'sallyport-verdict+jws' };
    const stolen = signCompact(signingKey(jwk), header, JSON.stringify({ gate: start.keys.gate, iat: seconds }));
    expect(verifies(retired.files, stolen)).toBe(false);
  });
});
