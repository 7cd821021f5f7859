import type { ActionTokenClaims } from '#contracts';
import { ToolGate } from '#sdk';
import { generatePrivateJwk, newUuid7, thumbprint } from '#trust';
import { leaseId, type FakeGate } from './fake-gate.js';

/* A tool at a gate that is played: what it consumes is this one action. */

export const toolUrl = 'https://share.tool.example';
export const toolKey = generatePrivateJwk('P-256');
export const actionId = newUuid7();
export const digest = `sha256:${'A'.repeat(43)}`;
export const frozen = {
  action_id: actionId, action_digest: digest, agent_id: 'a-1',
  action: { name: 'data.share', properties: { rows: 3 } }, resource: { type: 'dataset', id: 'customers' },
  uses_left: 0, expires_at: '2027-01-15T08:10:00.000Z',
}; // prettier-ignore

/** A tool whose gate lets every token of its holder be consumed. */
export function aTool(gate: FakeGate): ToolGate {
  gate.on('POST /v1/tokens/consume', gate.proven(() => ({ body: frozen }), toolKey)); // prettier-ignore
  return new ToolGate({ toolUrl, key: toolKey, trust: gate.trust, credentialsUrl: gate.url, timeoutMs: 2_000 });
}

/** A token of this gate for the agent, the tool and the action; `by` signs it. */
export function tokenOf(gate: FakeGate, more: Partial<ActionTokenClaims> = {}, by = gate): string {
  const iat = Math.floor(Date.now() / 1_000);
  return by.keyring('credentials').sign('token', {
    iss: gate.trust.gate, sub: 'a-1', client_id: 'a-1', aud: toolUrl, jti: newUuid7(), iat, exp: iat + 60,
    cnf: { jkt: thumbprint(gate.agentKey) },
    authorization_details: [{ type: 'sallyport_action', action_id: actionId, action_digest: digest, lease_id: leaseId }],
    ...more,
  }); // prettier-ignore
}
