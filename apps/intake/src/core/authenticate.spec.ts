import { describe, expect, it } from '@jest/globals';
import { agentUrn, requestType, type Known } from '#contracts';
import { requestAttributes, signRequest } from '#trust';
import { anAgentSpec, aSigningKey } from '../../../../test/support/gate.js';
import type { Ask } from './ask.js';
import { authenticate, isProven } from './authenticate.js';

const key = aSigningKey();
const other = aSigningKey('P-256');
const aud = 'gate.test.example/sallyport.requests.v1';
const bytes = Buffer.from('{"not":"parsed"');
const ce = requestAttributes('a', '01890000-0000-7000-8000-000000000001');
const agent: Known<'agents'> = {
  kind: 'agents', id: 'a', version: 1, changed_by: 'r', changed_at: '', spec: anAgentSpec([key.jwk]),
}; // prettier-ignore
const door = { aud, holderOf: (kid: string) => (kid === key.jwk.kid ? { agent, key: key.jwk } : undefined) };

const ask = (over: Partial<Ask> = {}): Ask => ({
  bytes,
  signature: signRequest(key.signing, bytes, { aud, iat: 1_795_521_600, ce }),
  attributes: ce,
  appendedAt: 0,
  carriage: 'good',
  traceparent: undefined,
  ...over,
});
const signed = (over: { aud?: string; ce?: typeof ce } = {}): string =>
  signRequest(key.signing, bytes, { aud, iat: 1_795_521_600, ce, ...over });
const codeOf = (one: Ask): string => {
  const checked = authenticate(one, door);
  return isProven(checked) ? 'proven' : checked.code;
};

describe('proving the agent', () => {
  it('checks the signature before anything looks into the value', () => {
    const checked = authenticate(ask(), door);
    expect(isProven(checked) && checked.agent.id).toBe('a');
  });

  it.each([
    ['no signature', { signature: undefined }, 'signature_missing'],
    ['a signature over other bytes', { bytes: Buffer.from('{}') }, 'signature_invalid'],
    ['other attributes beside the value', { attributes: { ...ce, id: '01890000-0000-7000-8000-000000000002' } }, 'signature_invalid'],
    ['no attributes beside the value', { attributes: { id: '', source: '', type: '' } }, 'signature_invalid'],
    ['a signature for another door', { signature: signed({ aud: 'https://gate/v1/actions' }) }, 'signature_invalid'],
    ['the source of another agent', { attributes: { ...ce, source: agentUrn('b') }, signature: signed({ ce: { ...ce, source: agentUrn('b') } }) }, 'signature_invalid'],
    ['a key that nobody holds', { signature: signRequest(other.signing, bytes, { aud, iat: 1, ce }) }, 'key_unknown'],
    ['garbage for a signature', { signature: 'ey..ey' }, 'signature_invalid'],
    ['a novel for a signature', { signature: 'x'.repeat(10_000) }, 'signature_invalid'],
  ])('does not believe %s', (_, over, code) => {
    expect(codeOf(ask(over))).toBe(code);
  }); // prettier-ignore

  it('names the key that it does not know, so that the registry can be asked once for all', () => {
    const checked = authenticate(ask({ signature: signRequest(other.signing, bytes, { aud, iat: 1, ce }) }), door);
    expect(!isProven(checked) && checked.kid).toBe(other.jwk.kid);
  });

  it('takes the signed attributes where none came beside the value', () => {
    const { bytes: value, signature, appendedAt, carriage, traceparent } = ask();
    const checked = authenticate({ bytes: value, signature, appendedAt, carriage, traceparent }, door);
    expect(isProven(checked) && checked.header.ce).toEqual({ id: ce.id, source: ce.source, type: requestType });
  });

  it('says of a record in another mode that the mode is what is wrong', () => {
    expect(codeOf(ask({ carriage: 'unsupported_mode', signature: undefined }))).toBe('unsupported_mode');
  });
});
