import { describe, expect, it } from '@jest/globals';
import { SecurityKey, type Touch } from '../../../../test/support/security-key.js';
import { placeOf } from '../core/ceremony.js';
import { assertionOf, readAssertion, readAttestation } from './authenticator.js';

const place = placeOf('http://127.0.0.1:7104/');
const challenge = Buffer.alloc(32, 7).toString('base64url');
const other = Buffer.alloc(32, 8).toString('base64url');
const touch: Touch = { challenge, origin: place.origin, rpId: place.rpId };

async function enrolled() {
  const key = new SecurityKey();
  const made = await readAttestation(key.create(touch), { challenge, place });
  if (made === undefined) throw new TypeError('the key must enrol');
  return { key, made };
}

const wrong: [string, Partial<Touch>][] = [
  ['another challenge', { challenge: other }],
  ['another page', { origin: 'http://localhost:7105' }],
  ['another relying party', { rpId: 'evil.example' }],
  ['nobody who was verified', { verified: false }],
  ['another purpose', { type: 'payment.get' }],
];

describe('a security key', () => {
  it('is enrolled with its public key', async () => {
    const { key, made } = await enrolled();
    expect(made).toMatchObject({ credentialId: key.name, counter: 0 });
  });

  it.each(wrong)('is not enrolled for %s', async (_, more) => {
    const answer = new SecurityKey().create({ ...touch, ...more });
    expect(await readAttestation(answer, { challenge, place })).toBeUndefined();
  });

  it('confirms with a number that grows', async () => {
    const { key, made } = await enrolled();
    const expected = { challenge, place, publicKey: made.publicKey, counter: made.counter };
    const first = assertionOf(key.get(touch));
    expect(await readAssertion(first, expected)).toBe(1);
    expect(await readAssertion(first, { ...expected, counter: 1 })).toBeUndefined();
    expect(await readAssertion(assertionOf(key.get(touch)), { ...expected, counter: 1 })).toBe(2);
  });

  it.each(wrong)('confirms nothing for %s', async (_, more) => {
    const { key, made } = await enrolled();
    const answer = assertionOf(key.get({ ...touch, ...more }));
    expect(await readAssertion(answer, { challenge, place, ...made })).toBeUndefined();
  });

  it('confirms nothing that another key has signed, or that was changed since', async () => {
    const { key, made } = await enrolled();
    const expected = { challenge, place, ...made };
    expect(await readAssertion(assertionOf(new SecurityKey().get(touch)), expected)).toBeUndefined();
    const good = assertionOf(key.get(touch));
    const flags = Buffer.from(good.authenticator_data, 'base64url');
    flags.writeUInt32BE(9, 33);
    const changed = { ...good, authenticator_data: flags.toString('base64url') };
    expect(await readAssertion(changed, expected)).toBeUndefined();
    expect(await readAssertion({ ...good, signature: 'AA' }, expected)).toBeUndefined();
    expect(await readAssertion(good, expected)).toBe(1);
  });
});
