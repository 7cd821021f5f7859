import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ProblemError } from '#contracts';
import { TestIssuer } from '../../../../test/support/issuer.js';
import { verifyIdToken } from './id-token.js';
import { IssuerKeys, type Issuer } from './issuer-keys.js';
import { verifyLogoutToken } from './logout-token.js';
import { verifyPersonToken } from './person-token.js';

const url = 'https://gate.example/approvals';
const seconds = (): number => Math.floor(Date.now() / 1_000);
let first: TestIssuer;
let second: TestIssuer;
let issuers: IssuerKeys;

beforeAll(async () => {
  [first, second] = await Promise.all([TestIssuer.start(), TestIssuer.start()]);
  const other: Issuer = { ...second.listed, clients: ['other'], nativeClients: ['other'], subjectClaim: 'oid' };
  issuers = new IssuerKeys([first.listed, { ...other, audiences: { approvals: 'api://approvals' } }]);
});

afterAll(async () => {
  await Promise.all([first.stop(), second.stop()]);
});

async function outcome(read: Promise<{ sub?: string | undefined }>): Promise<string | undefined> {
  try {
    return (await read).sub;
  } catch (error) {
    if (error instanceof ProblemError) return error.problem.code;
    throw error;
  }
}

const access = async (token: Promise<string>): Promise<string | undefined> =>
  outcome(verifyPersonToken(await token, { service: 'approvals', url }, { issuers, now: Date.now() }));
const signIn = async (token: Promise<string>): Promise<string | undefined> =>
  outcome(verifyIdToken(await token, 'n', { issuers, now: Date.now() }));

describe('several providers', () => {
  it('each speak for their own people, with their own clients', async () => {
    expect(await access(first.token('ann', url))).toBe('ann');
    expect(await access(second.token('x', 'api://approvals', { client_id: 'other', oid: 'bob' }))).toBe('bob');
    expect(await signIn(first.idToken('ann', 'n'))).toBe('ann');
    expect(await signIn(second.idToken('x', 'n', { aud: 'other', oid: 'bob' }))).toBe('bob');
  });

  it('do not speak for one another: neither with a key, nor with a client, nor with an audience of another', async () => {
    const claims = { client_id: 'other', oid: 'bob' };
    expect(await access(second.token('ann', url, { iss: first.issuer }))).toBe('token_invalid');
    expect(await signIn(second.idToken('ann', 'n', { iss: first.issuer }))).toBe('token_invalid');
    expect(await access(first.token('ann', url, { client_id: 'other' }))).toBe('token_invalid');
    expect(await access(second.token('x', 'api://approvals', { ...claims, client_id: 'cli' }))).toBe('token_invalid');
    expect(await signIn(second.idToken('x', 'n', { aud: 'cli', oid: 'bob' }))).toBe('token_invalid');
    expect(await access(second.token('x', url, claims))).toBe('token_invalid');
    expect(await access(first.token('ann', 'api://approvals'))).toBe('token_invalid');
  });

  it('name a person by the one claim that is chosen for each, and by no other where it is missing', async () => {
    const claims = { client_id: 'other' };
    expect(await access(second.token('bob', 'api://approvals', claims))).toBe('token_invalid');
    expect(await access(second.token('bob', 'api://approvals', { ...claims, oid: '' }))).toBe('token_invalid');
    expect(await access(second.token('bob', 'api://approvals', { ...claims, oid: ['bob'] }))).toBe('token_invalid');
    expect(await access(first.token('ann', url, { oid: 'bob' }))).toBe('ann');
  });
});

describe('a logout token', () => {
  const read = async (token: string | Promise<string>): Promise<string | undefined> =>
    outcome(verifyLogoutToken(await token, { issuers, now: Date.now() }));

  it('names a session, or a person as the provider writes them', async () => {
    const by = { issuers, now: Date.now() };
    expect(await verifyLogoutToken(await first.logoutToken({ sid: 's' }), by)).toMatchObject({ iss: first.issuer, sid: 's', sub: undefined });
    expect(await read(second.logoutToken({ sub: 'x' }, { aud: ['other'] }))).toBe('x');
    expect(await read(first.logoutToken({ sub: 'ann' }, {}, 'application/logout+jwt'))).toBe('ann');
    const bare = { sub: 'ann', aud: 'cli', events: { 'http://schemas.openid.net/event/backchannel-logout': {} } };
    expect(await read(first.sign(bare))).toBe('ann');
  }); // prettier-ignore

  it('must be remembered for as long as it could come again', async () => {
    const now = Date.now();
    const { memorySeconds } = await verifyLogoutToken(await first.logoutToken({ sub: 'ann' }, { exp: seconds() + 60 }), { issuers, now });
    expect(memorySeconds).toBeGreaterThanOrEqual(65);
    const long = await verifyLogoutToken(await first.logoutToken({ sub: 'ann' }, { exp: seconds() + 86_400 }), { issuers, now });
    expect(long.memorySeconds).toBeGreaterThanOrEqual(305);
    expect(long.memorySeconds).toBeLessThan(330);
  }); // prettier-ignore

  it.each<[string, () => Promise<string>]>([
    ['of another provider', () => first.logoutToken({ sub: 'ann' }, { iss: 'https://evil.example' })],
    ['by the key of another provider', () => second.logoutToken({ sub: 'ann' }, { iss: first.issuer })],
    ['for another client', () => first.logoutToken({ sub: 'ann' }, { aud: 'stranger' })],
    ['for another provider’s client', () => first.logoutToken({ sub: 'ann' }, { aud: 'other' })],
    ['for a stranger besides', () => first.logoutToken({ sub: 'ann' }, { aud: ['cli', 'stranger'] })],
    ['for nobody', () => first.logoutToken({ sub: 'ann' }, { aud: [] })],
    ['of nobody and nothing', () => first.logoutToken({})],
    ['of an empty session', () => first.logoutToken({ sid: '' })],
    ['with a nonce', () => first.logoutToken({ sub: 'ann' }, { nonce: 'n' })],
    ['without a name of its own', () => first.logoutToken({ sub: 'ann' }, { jti: undefined })],
    ['without an end', () => first.logoutToken({ sub: 'ann' }, { exp: undefined })],
    ['that has expired', () => first.logoutToken({ sub: 'ann' }, { exp: seconds() - 6 })],
    ['that does not say when it was made', () => first.logoutToken({ sub: 'ann' }, { iat: undefined })],
    ['that is minutes old', () => first.logoutToken({ sub: 'ann' }, { iat: seconds() - 301 })],
    ['from the future', () => first.logoutToken({ sub: 'ann' }, { iat: seconds() + 10 })],
    ['that says nothing has happened', () => first.logoutToken({ sub: 'ann' }, { events: {} })],
    ['of another event', () => first.logoutToken({ sub: 'ann' }, { events: { 'https://example.com/e': {} } })],
    ['whose event is no object', () => first.logoutToken({ sub: 'ann' }, { events: { 'http://schemas.openid.net/event/backchannel-logout': true } })],
    ['that is an ID token', () => first.idToken('ann', 'n')],
    ['that is an access token', () => first.logoutToken({ sub: 'ann' }, {}, 'at+jwt')],
    ['that calls itself some token', () => first.logoutToken({ sub: 'ann' }, {}, 'JWT')],
    ['that is none', () => Promise.resolve('a.b.c')],
  ])('is refused: one %s', async (_, token) => {
    expect(await read(token())).toBe('token_invalid');
  }); // prettier-ignore
});
