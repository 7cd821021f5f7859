import { describe, expect, it } from '@jest/globals';
import { makeGate } from './gate.fixture.js';
import { signServiceToken, verifyServiceToken } from './service-token.js';

const gate = makeGate();
const aud = 'https://policy.test.example';
const now = 1_800_000_000_000;
const token = signServiceToken(gate.keyring('credentials'), { aud, now });
const verify = (jwt: string, more: object = {}) => verifyServiceToken(gate.trust, jwt, { aud, now, ...more });

describe('a service token', () => {
  it('says which service calls', () => {
    expect(verify(token)).toEqual({ ok: true, service: 'credentials' });
  });

  it('is for one callee', () => {
    expect(verify(token, { aud: 'https://approvals.test.example' }).ok).toBe(false);
    expect(verify(token, { aud: `${aud}/` }).ok).toBe(false);
  });

  it.each([[-6, false], [-5, true], [0, true], [34, true], [35, false], [3_600, false]])('after %i s: %s', (seconds, ok) => {
    expect(verify(token, { now: now + seconds * 1_000 }).ok).toBe(ok);
  }); // prettier-ignore

  it('cannot be signed as another service', () => {
    expect(() => signServiceToken(gate.keyring('intake'), { from: 'credentials', aud })).toThrow('cannot sign as');
    const iat = now / 1_000;
    const claims = { gate: gate.trust.gate, iss: 'credentials', aud, iat, exp: iat + 30 };
    expect(verify(gate.keyring('intake').sign('service', claims)).ok).toBe(false);
  });

  it('has a life of 30 s and no longer', () => {
    const iat = now / 1_000;
    const claims = { gate: gate.trust.gate, iss: 'intake', aud, iat, exp: iat + 31 };
    expect(verify(gate.keyring('intake').sign('service', claims)).ok).toBe(false);
  });

  it('is no other statement of the same service', () => {
    const iat = now / 1_000;
    const claims = { gate: gate.trust.gate, iss: 'intake', aud, iat, exp: iat + 30 };
    expect(verify(gate.keyring('intake').sign('acceptance', claims)).ok).toBe(false);
    for (const junk of ['', 'a.b', 'a.b.c', token.slice(0, -2)]) expect(verify(junk).ok).toBe(false);
  });
});
