import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ActionTokenClaims } from '#contracts';
import { generatePrivateJwk, thumbprint } from '#trust';
import { newActionId } from './action-id.js';
import { bundleOf, deliver, FakeGate, leaseId, offerOf } from './fake-gate.fixture.js';
import { GateError } from './gate-error.js';
import { ToolGate } from './tool-gate.js';

const toolUrl = 'https://share.tool.example';
const route = `${toolUrl}/share`;
const call = { htm: 'POST', htu: route };
const toolKey = generatePrivateJwk('P-256');
const actionId = newActionId();
const digest = `sha256:${'A'.repeat(43)}`;
const frozen = {
  action_id: actionId, action_digest: digest, agent_id: 'a-1',
  action: { name: 'data.share', properties: { rows: 3 } }, resource: { type: 'dataset', id: 'customers' },
  uses_left: 0, expires_at: '2027-01-15T08:10:00.000Z',
}; // prettier-ignore

let gate: FakeGate;
let tool: ToolGate;
beforeEach(async () => {
  gate = new FakeGate();
  await gate.start();
  tool = new ToolGate({ toolUrl, key: toolKey, trust: gate.trust, credentialsUrl: gate.url, timeoutMs: 2_000 });
  gate.on('POST /v1/tokens/consume', gate.proven(() => ({ body: frozen }), toolKey)); // prettier-ignore
});
afterEach(() => gate.stop());

function tokenOf(more: Partial<ActionTokenClaims> = {}, by = gate): string {
  const iat = Math.floor(Date.now() / 1_000);
  return by.keyring('credentials').sign('token', {
    iss: gate.trust.gate, sub: 'a-1', client_id: 'a-1', aud: toolUrl, jti: newActionId(), iat, exp: iat + 60,
    cnf: { jkt: thumbprint(gate.agentKey) },
    authorization_details: [{ type: 'sallyport_action', action_id: actionId, action_digest: digest, lease_id: leaseId }],
    ...more,
  }); // prettier-ignore
}

/** What the agent sends to the tool. */
async function presented(token: string, url = route): Promise<{ token: string; proof: string }> {
  const ticket = { actionId, actionDigest: digest };
  const credential = { kind: 'token' as const, token, tool_url: toolUrl, uses: 1 };
  gate.on('POST /v1/leases/*/redeem', async () => ({
    body: await deliver(gate, bundleOf(gate, ticket, { credential })),
  }));
  const lease = await gate.agent().redeem(ticket, offerOf(gate));
  gate.heard.length = 0;
  const { authorization, dpop } = lease.authorize('POST', url);
  return { token: authorization.replace('DPoP ', ''), proof: dpop };
}
const codeOf = async (work: Promise<unknown>) => {
  const error = await work.then(() => undefined, (e: unknown) => e); // prettier-ignore
  return error instanceof GateError ? error.code : error;
};

describe('a tool', () => {
  it('gets the exact frozen action for a good token', async () => {
    const { token, proof } = await presented(tokenOf());
    expect(await tool.consume(token, proof, call)).toEqual(frozen);
    expect(JSON.parse(gate.heard.at(-1)?.body ?? '')).toEqual({ token, agent_proof: proof, ...call });
  });

  it.each<[string, () => string, string]>([
    ['of another gate', () => tokenOf({}, new FakeGate()), 'token_invalid'],
    ['for another tool', () => tokenOf({ aud: 'https://other.tool.example' }), 'token_invalid'],
    ['that names another gate', () => tokenOf({ iss: 'evil.example' }), 'token_invalid'],
    ['that has expired', () => tokenOf({ exp: Math.floor(Date.now() / 1_000) - 1 }), 'expired'],
    ['bound to another key', () => tokenOf({ cnf: { jkt: thumbprint(toolKey) } }), 'proof_invalid'],
  ])('does not even ask the gate about a token %s', async (_, made, code) => {
    const { token, proof } = await presented(made());
    expect(await codeOf(tool.consume(token, proof, call))).toBe(code);
    expect(gate.heard).toEqual([]);
  });

  it('does not take a proof for another route, or of another token', async () => {
    const { token, proof } = await presented(tokenOf(), `${toolUrl}/other`);
    expect(await codeOf(tool.consume(token, proof, call))).toBe('proof_invalid');
    const [one, two] = [await presented(tokenOf()), await presented(tokenOf())];
    expect(await codeOf(tool.consume(one.token, two.proof, call))).toBe('proof_invalid');
  });

  it('runs nothing when the gate says no, or speaks of another action', async () => {
    const { token, proof } = await presented(tokenOf());
    gate.on('POST /v1/tokens/consume', () => ({ status: 410, body: { code: 'already_used', title: '', status: 410 } }));
    expect(await codeOf(tool.consume(token, proof, call))).toBe('already_used');
    for (const body of [
      { ...frozen, action_id: newActionId() },
      { ...frozen, action_digest: `sha256:${'B'.repeat(43)}` },
    ]) {
      gate.on('POST /v1/tokens/consume', () => ({ body }));
      expect(await codeOf(tool.consume(token, proof, call))).toBe('not_trusted');
    }
    gate.on('POST /v1/tokens/consume', () => ({ body: {} }));
    expect(await codeOf(tool.consume(token, proof, call))).toBe('unexpected_answer');
  });
});
