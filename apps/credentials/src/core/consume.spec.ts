import { describe, expect, it } from '@jest/globals';
import type { ActionTokenClaims } from '#contracts';
import { generatePrivateJwk, makeProof, signingKey, thumbprint } from '#trust';
import { isForLease, isWithin, readAgentProof, readToken, type Presented } from './consume.js';
import { aWorld, gateId, known, now } from './evidence.fixture.js';
import type { Lease } from './lease.js';

const world = aWorld();
const key = generatePrivateJwk('Ed25519');
const jkt = thumbprint(key);
const tool = known('targets', 'sharing', { kind: 'tool', base_url: 'https://tool.example/api', jwks: { keys: [] } });
const seconds = now.getTime() / 1_000;
const digest = `sha256:${'A'.repeat(43)}`;

const claims: ActionTokenClaims = {
  iss: gateId,
  sub: 'urn:sallyport:agent:sharer',
  client_id: 'sharer',
  aud: 'https://tool.example/api',
  jti: '019adddd-0000-7000-8000-000000000001',
  iat: seconds,
  exp: seconds + 60,
  cnf: { jkt },
  authorization_details: [
    {
      type: 'sallyport_action',
      action_id: '019aaaaa-0000-7000-8000-000000000001',
      action_digest: digest,
      lease_id: '019abbbb-0000-7000-8000-000000000001',
    },
  ],
};
const [detail] = claims.authorization_details;
const token = world.keyring('credentials').sign('token', claims);

const lease = {
  leaseId: detail.lease_id,
  actionId: detail.action_id,
  actionDigest: digest,
  agentId: 'sharer',
  target: 'sharing',
  handle: { issuer: 'token', jti: claims.jti, jkt, audience: claims.aud },
} as Lease;

describe('a token', () => {
  it('is read when credentials of this gate signed it as a token', () => {
    expect(readToken(world.trust, token)).toEqual(claims);
    expect(readToken(world.trust, aWorld().keyring('credentials').sign('token', claims))).toBeUndefined();
    expect(readToken(world.trust, world.keyring('credentials').sign('lease', claims))).toBeUndefined();
    expect(
      readToken(world.trust, world.keyring('credentials').sign('token', { ...claims, iss: 'gate.other' })),
    ).toBeUndefined();
  });

  it('is for one lease, one tool and one key', () => {
    const changed = (more: object, of: Partial<Lease> = {}): boolean =>
      isForLease({ ...claims, ...more }, { ...lease, ...of }, tool);
    expect(changed({})).toBe(true);
    expect(changed({ jti: '019adddd-0000-7000-8000-000000000002' })).toBe(false);
    expect(changed({ aud: 'https://other.example' })).toBe(false);
    expect(changed({ cnf: { jkt: 'B'.repeat(43) } })).toBe(false);
    expect(changed({ client_id: 'migrator-1' })).toBe(false);
    expect(changed({ authorization_details: [{ ...detail, action_digest: `sha256:${'B'.repeat(43)}` }] })).toBe(false);
    expect(changed({}, { target: 'another-tool' })).toBe(false);
    expect(changed({}, { handle: { issuer: 'postgres-role', connectionSecret: 'orders' } })).toBe(false);
  });
});

describe("the agent's proof for the tool", () => {
  const url = 'https://tool.example/api/share';
  const prove = (more: Partial<Parameters<typeof makeProof>[0]> = {}): string =>
    makeProof({ key: signingKey(key), htm: 'POST', htu: url, accessToken: token, now: now.getTime(), ...more });
  const read = (presented: Partial<Presented>): string | undefined =>
    readAgentProof({ token, agent_proof: prove(), htm: 'POST', htu: url, ...presented }, claims, now);

  it('counts for this token, method and URL, by the key that the token is bound to', () => {
    expect(read({})).toEqual(expect.any(String));
    expect(read({ agent_proof: prove({ key: signingKey(generatePrivateJwk('Ed25519')) }) })).toBeUndefined();
    expect(read({ agent_proof: prove({ accessToken: 'another' }) })).toBeUndefined();
    expect(read({ agent_proof: prove({ htm: 'PUT' }) })).toBeUndefined();
    expect(read({ agent_proof: prove({ now: now.getTime() - 120_000 }) })).toBeUndefined();
    expect(read({ htu: 'https://tool.example/api/other' })).toBeUndefined();
  });

  it('is for a URL of the tool, whatever the tool says', () => {
    const elsewhere = 'https://tool.example.evil/api/share';
    expect(read({ htu: elsewhere, agent_proof: prove({ htu: elsewhere }) })).toBeUndefined();
  });

  it.each([
    ['https://tool.example/api', true],
    ['https://tool.example/api/share', true],
    ['https://tool.example/apis', false],
    ['https://tool.example/', false],
    ['https://tool.example/api/../admin', false],
    ['http://tool.example/api/share', false],
    ['https://tool.example:8443/api/share', false],
    ['https://me@tool.example/api/share', false],
    ['nonsense', false],
  ])('%s is within the tool: %s', (given, within) => {
    expect(isWithin(given, 'https://tool.example/api')).toBe(within);
  });
});
