import { describe, expect, it } from '@jest/globals';
import type { PersonKey, StepUp, Vote, VoteBody } from '#contracts';
import { isConfirmedBy, whyNotProven } from './proven.js';

const digest = (letter: string): string => `sha256:${letter.repeat(43)}`;
const at = 1_800_000_000;
const receivedAt = new Date(at * 1_000).toISOString();
const anna = { iss: 'https://idp.example', sub: 'anna' };
const key: PersonKey = { gate: 'g', thumbprint: 'A'.repeat(43), ...anna, until: at + 100 };
const about = {
  gate: 'g', action_id: '01938a1e-7c00-7000-8000-000000000001', action_digest: digest('A'), plan_digest: digest('B'),
  view_digest: digest('C'), variant: 'full',
}; // prettier-ignore
const said = { decision: 'approve', reason: 'ok', confirmed: ['scope', 'window'], caps: { ttl_seconds: 60 } } as const;
const vote: Vote = { ...about, ...said, confirmed: [...said.confirmed], jti: about.action_id, iat: at };
const body: VoteBody = { ...said, confirmed: [...said.confirmed], view_digest: about.view_digest };
const isProven = (more: { body?: Partial<VoteBody>; vote?: Partial<Vote> | null; key?: Partial<PersonKey> | null } = {}) =>
  whyNotProven({ ...body, ...more.body }, about, {
    said: more.vote === null ? undefined : { ...vote, ...more.vote },
    key: more.key === null ? undefined : { ...key, ...more.key },
    identities: [{ iss: 'https://other.example', sub: 'x' }, anna],
    receivedAt,
  }) === undefined; // prettier-ignore

describe('a vote is proven', () => {
  it('by the living key of this person, over exactly what was sent', () => {
    expect(isProven()).toBe(true);
  });

  it.each<[string, Parameters<typeof isProven>[0]]>([
    ['nothing signed', { vote: null }],
    ['nobody who vouches for the key', { key: null }],
    ['the key of somebody else', { key: { sub: 'ben' } }],
    ['the same name at another provider', { key: { iss: 'https://other.example' } }],
    ['a key that is over', { key: { until: at } }],
    ['a vote of long ago', { vote: { iat: at - 301 } }],
    ['a vote of tomorrow', { vote: { iat: at + 301 } }],
    ['a vote on another action', { vote: { action_id: '01938a1e-7c00-7000-8000-000000000002' } }],
    ['a vote on other bytes', { vote: { action_digest: digest('X') } }],
    ['a vote on another plan', { vote: { plan_digest: digest('X') } }],
    ['a vote on another view', { vote: { view_digest: digest('X') } }],
    ['a vote at another gate', { vote: { gate: 'h' } }],
    ['another variant', { vote: { variant: 'short' } }],
    ['the opposite decision', { body: { decision: 'deny' } }],
    ['another reason', { body: { reason: 'yes' } }],
    ['a point less', { body: { confirmed: ['scope'] } }],
    ['another point', { body: { confirmed: ['scope', 'cost'] } }],
    ['wider caps', { body: { caps: { ttl_seconds: 61 } } }],
    ['caps taken away', { body: { caps: undefined } }],
  ])('not with %s', (_, more) => {
    expect(isProven(more)).toBe(false);
  });
});

describe('a confirmation', () => {
  const assertion = { credential_id: 'k', authenticator_data: 'a', client_data: 'c', signature: 's' };
  const { variant, ...named } = about;
  const stepUp: StepUp = { ...named, decision: 'approve', nonce: 'n'.repeat(43), ...anna, assertion, confirmed_at: receivedAt };
  const isBy = (identities: { iss: string; sub: string }[]) => isConfirmedBy(stepUp, vote, { identities, receivedAt });

  it('is by a security key of this person, whichever of their accounts it was enrolled with', () => {
    const other = { iss: 'https://other.example', sub: 'x' };
    expect([variant, isBy([anna]), isBy([other, anna]), isBy([other]), isBy([])]).toEqual(['full', true, true, false, false]);
  });
}); // prettier-ignore
