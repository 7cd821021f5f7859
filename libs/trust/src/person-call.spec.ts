import { describe, expect, it } from '@jest/globals';
import { callHeader, personKeyHeader } from '#contracts';
import { makeAgentKey, makeGate } from './gate.fixture.js';
import { signCompact } from './jws.js';
import { callHeaders, verifyCall, type CallParts } from './person-call.js';
import { personKeySeconds, signPersonKey, signVote } from './person-key.js';
import { voteOf } from './plan.fixture.js';

const gate = makeGate();
const now = 1_795_000_000_000;
const seconds = now / 1_000;
const ann = makeAgentKey('P-256');
const identity = { iss: 'https://idp.example', sub: 'ann' };
const url = 'https://gate.test.example/registry/v1/groups/finance?x=1';
const call: CallParts = { method: 'PUT', url, body: '{"members":[]}', ifMatch: '"7"' };
const stated = (more: object = {}) =>
  signPersonKey(gate.keyring('credentials'), { thumbprint: ann.kid, ...identity, until: seconds + 3_600, ...more });

interface Tried {
  came?: Partial<CallParts>;
  statement?: string;
  key?: typeof ann;
  signedAt?: number;
  identities?: (typeof identity)[];
}

function outcome({ came = {}, statement = stated(), key = ann, signedAt = now, identities = [identity] }: Tried = {}): string {
  const made = callHeaders({ key, statement }, call, signedAt);
  const signed = { call: made[callHeader] ?? '', statement: made[personKeyHeader] ?? '' };
  const verified = verifyCall(gate.trust, signed, { call: { ...call, ...came }, identities, now });
  return verified.ok ? 'ok' : verified.why;
} // prettier-ignore

describe('a call that a person signed', () => {
  it('is that person’s own', () => {
    expect(outcome()).toBe('ok');
    expect(outcome({ identities: [{ ...identity, sub: 'other' }, identity] })).toBe('ok');
  });

  it('has a number of its own each time', () => {
    const jtiOf = () => JSON.parse(Buffer.from(callHeaders({ key: ann, statement: stated() }, call)[callHeader]?.split('.')[1] ?? '', 'base64url').toString()) as { jti: string }; // prettier-ignore
    expect(jtiOf().jti).not.toBe(jtiOf().jti);
  });

  it.each<[string, Partial<CallParts>]>([
    ['another method', { method: 'DELETE' }],
    ['another thing', { url: url.replace('finance', 'registrars') }],
    ['another query', { url: url.replace('x=1', 'x=2') }],
    ['another gate’s address', { url: url.replace('gate.test', 'other') }],
    ['another body', { body: '{"members":["eve"]}' }],
    ['the same body in other bytes', { body: '{ "members":[]}' }],
    ['no body', { body: undefined }],
    ['an empty body', { body: Buffer.alloc(0) }],
    ['another version', { ifMatch: '"8"' }],
    ['no version', { ifMatch: undefined }],
  ])('is not good for %s', (_, came) => {
    expect(outcome({ came })).toBe('what was signed is another call');
  });

  it.each<[string, Tried, string]>([
    ['of somebody else', { identities: [{ ...identity, sub: 'eve' }] }, 'the key is of somebody else'],
    ['of nobody', { identities: [] }, 'the key is of somebody else'],
    ['by another key', { key: makeAgentKey('P-256') }, 'not signed by a registered key'],
    ['by a key that another gate vouches for', { statement: signPersonKey(makeGate().keyring('credentials'), { thumbprint: ann.kid, ...identity, until: seconds + 60 }) }, 'not signed by a registered key'],
    ['by a key that nobody vouches for', { statement: 'x' }, 'not signed by a registered key'],
    ['by a key that is over', { statement: stated({ until: seconds }) }, 'the key is over'],
    ['from before the key', { statement: stated({ until: seconds + personKeySeconds + 301 }) }, 'the key is over'],
    ['of long ago', { signedAt: now - 301_000 }, 'not of now'],
    ['from the future', { signedAt: now + 301_000 }, 'not of now'],
  ])('is none when it is %s', (_, tried, why) => {
    expect(outcome(tried)).toContain(why);
  }); // prettier-ignore

  it('is not a vote, and no vote is a call', () => {
    const statement = stated();
    const about = { ...voteOf('ann').vote, iat: seconds };
    const as = (signed: string) => verifyCall(gate.trust, { call: signed, statement }, { call, identities: [identity], now }).ok;
    expect(as(signVote(ann, about))).toBe(false);
    const made = callHeaders({ key: ann, statement }, call, now)[callHeader] ?? '';
    expect(as(made)).toBe(true);
    const payload = Buffer.from(made.split('.')[1] ?? '', 'base64url');
    expect(as(signCompact(ann, { typ: 'sallyport-vote+jws', jwk: ann.jwk }, payload))).toBe(false);
    expect(as(signCompact(ann, { typ: 'sallyport-call+jws', jwk: ann.jwk, kid: 'x' }, payload))).toBe(false);
  }); // prettier-ignore
});
