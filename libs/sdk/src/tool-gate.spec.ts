import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { newUuid7, thumbprint } from '#trust';
import { bundleOf, deliver, FakeGate, offerOf } from '../../../test/support/fake-gate.js';
import { GateError } from './gate-error.js';
import { actionId, aTool, digest, frozen, tokenOf, toolKey, toolUrl } from '../../../test/support/fake-tool.js';
import type { ToolGate } from './tool-gate.js';

const route = `${toolUrl}/share`;
const call = { htm: 'POST', htu: route };

let gate: FakeGate;
let tool: ToolGate;
beforeEach(async () => {
  gate = new FakeGate();
  await gate.start();
  tool = aTool(gate);
});
afterEach(() => gate.stop());

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
    const { token, proof } = await presented(tokenOf(gate));
    expect(await tool.consume(token, proof, call)).toEqual(frozen);
    expect(JSON.parse(gate.heard.at(-1)?.body ?? '')).toEqual({ token, agent_proof: proof, ...call });
  });

  it.each<[string, () => string, string]>([
    ['of another gate', () => tokenOf(gate, {}, new FakeGate()), 'token_invalid'],
    ['for another tool', () => tokenOf(gate, { aud: 'https://other.tool.example' }), 'token_invalid'],
    ['that names another gate', () => tokenOf(gate, { iss: 'evil.example' }), 'token_invalid'],
    ['that has expired', () => tokenOf(gate, { exp: Math.floor(Date.now() / 1_000) - 1 }), 'expired'],
    ['bound to another key', () => tokenOf(gate, { cnf: { jkt: thumbprint(toolKey) } }), 'proof_invalid'],
  ])('does not even ask the gate about a token %s', async (_, made, code) => {
    const { token, proof } = await presented(made());
    expect(await codeOf(tool.consume(token, proof, call))).toBe(code);
    expect(gate.heard).toEqual([]);
  });

  it('does not take a proof for another route, or of another token', async () => {
    const { token, proof } = await presented(tokenOf(gate), `${toolUrl}/other`);
    expect(await codeOf(tool.consume(token, proof, call))).toBe('proof_invalid');
    const [one, two] = [await presented(tokenOf(gate)), await presented(tokenOf(gate))];
    expect(await codeOf(tool.consume(one.token, two.proof, call))).toBe('proof_invalid');
  });

  it('runs nothing when the gate says no, or speaks of another action', async () => {
    const { token, proof } = await presented(tokenOf(gate));
    gate.on('POST /v1/tokens/consume', () => ({ status: 410, body: { code: 'already_used', title: '', status: 410 } }));
    expect(await codeOf(tool.consume(token, proof, call))).toBe('already_used');
    for (const body of [
      { ...frozen, action_id: newUuid7() },
      { ...frozen, action_digest: `sha256:${'B'.repeat(43)}` },
    ]) {
      gate.on('POST /v1/tokens/consume', () => ({ body }));
      expect(await codeOf(tool.consume(token, proof, call))).toBe('not_trusted');
    }
    gate.on('POST /v1/tokens/consume', () => ({ body: {} }));
    expect(await codeOf(tool.consume(token, proof, call))).toBe('unexpected_answer');
  });
});
