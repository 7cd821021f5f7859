import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { requestType, type Known } from '#contracts';
import { anAgentSpec, aSigningKey } from '../../../../test/support/gate.js';
import { readRecord } from './ask.js';
import { authenticate, isProven } from './authenticate.js';
import { judgeRequest } from './judge-request.js';

const key = aSigningKey();
const agent: Known<'agents'> = {
  kind: 'agents', id: 'a', version: 1, changed_by: 'r', changed_at: '', spec: anAgentSpec([key.jwk]),
}; // prettier-ignore
const ce = { id: '01890000-0000-7000-8000-000000000001', source: 'urn:sallyport:agent:a', type: requestType };
const facts = { agent, now: new Date(0), differs: () => null, summaries: () => undefined, personOf: () => undefined };

const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
const names = [
  'ce_id',
  'ce_source',
  'ce_type',
  'ce_specversion',
  'content-type',
  'sallyport-signature',
  'traceparent',
  '__proto__',
];
const headers = fc.dictionary(
  fc.oneof(fc.constantFrom(...names), fc.string()),
  fc.oneof(bytes, fc.array(bytes), fc.constant(undefined)),
);

describe('whatever lies on the requests topic', () => {
  it('is read without a fault, and believed by nobody', () => {
    const record = fc.record({ key: fc.option(bytes), value: fc.option(bytes), headers, timestamp: fc.integer() });
    fc.assert(
      fc.property(record, (one) => {
        const door = { aud: 'gate/topic', holderOf: () => ({ agent, key: key.jwk }) };
        expect(isProven(authenticate(readRecord(one), door))).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });

  it('gets a code when an agent has signed it, and never a fault', () => {
    const value = fc.oneof(
      bytes,
      fc.json().map((text) => Buffer.from(text)),
      fc.string().map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(value, (one) => {
        const { digest, refusal } = judgeRequest(one, ce, facts);
        expect(digest).toMatch(/^sha256:[\w-]{43}$/u);
        expect(refusal).toBeDefined();
      }),
      { numRuns: 2_000 },
    );
  });
});
