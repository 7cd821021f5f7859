import { actionTokenClaims, type ActionTokenClaims, type Known } from '#contracts';
import { verifyProof, type Trust } from '#trust';
import type { Handle, Lease } from './lease.js';

/** What a tool presents: the agent's token, and the proof that the agent made for the tool's own URL. */
export interface Presented {
  token: string;
  agent_proof: string;
  htm: string;
  htu: string;
}

/** The claims of a token of this gate; undefined for anything else. It says nothing about whether the lease is still active. */
export function readToken(trust: Trust, token: string): ActionTokenClaims | undefined {
  const read = trust.verify(token, {
    purpose: 'token',
    service: 'credentials',
    typ: 'at+jwt',
    schema: actionTokenClaims,
  });
  return read.ok && read.payload.iss === trust.gate ? read.payload : undefined;
}

/** True when the token is that of this lease, and the caller is the tool that the lease is for. */
export function isForLease(claims: ActionTokenClaims, lease: Lease, tool: Known<'targets'>): boolean {
  const [detail] = claims.authorization_details;
  const { handle } = lease;
  return (
    handle?.issuer === 'token' &&
    isSameToken(claims, handle) &&
    detail.lease_id === lease.leaseId &&
    detail.action_id === lease.actionId &&
    detail.action_digest === lease.actionDigest &&
    claims.client_id === lease.agentId &&
    tool.id === lease.target
  );
}

function isSameToken({ jti, aud, cnf }: ActionTokenClaims, handle: Extract<Handle, { issuer: 'token' }>): boolean {
  return jti === handle.jti && aud === handle.audience && cnf.jkt === handle.jkt;
}

/**
 * The agent's DPoP proof for the tool (RFC 9449): by the key that the token is bound to, over this token, for a URL of the
 * tool and no other. Answers the `jti` to remember, so that a tool cannot spend two uses with one proof.
 */
export function readAgentProof(presented: Presented, claims: ActionTokenClaims, now: Date): string | undefined {
  const { token, agent_proof, htm, htu } = presented;
  if (!isWithin(htu, claims.aud)) return undefined;
  const keyKnown = (jkt: string): boolean => jkt === claims.cnf.jkt;
  const read = verifyProof(agent_proof, { htm, htu, accessToken: token, keyKnown, now: now.getTime() });
  return read.ok ? read.jti : undefined;
}

/** The URL is the tool's own, or below it. Compared as parsed URLs: `https://tool.example.evil/` is not below `https://tool.example`. */
export function isWithin(url: string, root: string): boolean {
  const inner = URL.parse(url);
  const outer = URL.parse(root);
  if (inner === null || outer === null || inner.origin !== outer.origin || inner.username !== '') return false;
  const prefix = outer.pathname.endsWith('/') ? outer.pathname : `${outer.pathname}/`;
  return inner.pathname === outer.pathname || inner.pathname.startsWith(prefix);
}

/** Why a use could not be spent. */
export function whyNotSpent(lease: Lease): 'already_used' | 'ended' {
  return lease.state === 'active' && lease.usesLeft === 0 ? 'already_used' : 'ended';
}
