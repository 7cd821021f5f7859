import { Injectable } from '@nestjs/common';
import { agentUrn, type ActionTokenClaims, type Credential, type Target } from '#contracts';
import { newId } from '#platform';
import { Keyring } from '#trust';
import type { Handle, Lease } from '../../core/lease.js';
import type { Capabilities, Issuer, MintOrder } from './issuer.js';

export const tokenCapabilities: Capabilities = {
  binds: 'action',
  agentHolds: 'key-bound',
  stopsNewUse: true,
  openSessions: 'none',
  endsWithoutGate: true,
  listed: false,
  remains: 'a tool that does not ask, or does something else than what it was told',
};

/**
 * Action tokens: RFC 9068 `at+jwt`, bound to the agent's key (RFC 9449 `cnf.jkt`) and to the exact action (RFC 9396).
 * A token is worth nothing by itself: the tool has it consumed here, where the lease must be active. So ending a lease
 * is all there is to do, and nothing can come late.
 */
@Injectable()
export class TokenIssuer implements Issuer {
  readonly kind = 'token';
  readonly capabilities = tokenCapabilities;
  readonly settleMs = 0;

  constructor(private readonly keyring: Keyring) {}

  handleFor(target: Target, jkt: string): Handle {
    if (target.kind !== 'tool') throw new TypeError('a token is for a tool');
    return { issuer: 'token', jti: newId(), jkt, audience: target.base_url };
  }

  probe(): Promise<void> {
    return Promise.resolve();
  }

  mint({ lease, principal, now }: MintOrder): Promise<Credential> {
    const { handle, expiresAt } = lease;
    if (handle?.issuer !== 'token' || expiresAt === null) throw new TypeError('not the intent of a token');
    const agent = agentUrn(lease.agentId);
    const claims: ActionTokenClaims = {
      iss: this.keyring.gate,
      // RFC 8693: the token is about the principal, and the agent acts.
      sub: principal ?? agent,
      ...(principal === undefined ? {} : { act: { sub: agent } }),
      client_id: lease.agentId,
      aud: handle.audience,
      jti: handle.jti,
      iat: Math.floor(now.getTime() / 1_000),
      exp: Math.floor(expiresAt.getTime() / 1_000),
      cnf: { jkt: handle.jkt },
      authorization_details: [
        {
          type: 'sallyport_action',
          action_id: lease.actionId,
          action_digest: lease.actionDigest,
          lease_id: lease.leaseId,
        },
      ],
    };
    const token = this.keyring.sign('token', claims);
    return Promise.resolve({ kind: 'token', token, tool_url: handle.audience, uses: lease.usesLeft });
  }

  remove(): Promise<void> {
    return Promise.resolve();
  }

  gone(leases: readonly Lease[]): Promise<Set<string>> {
    return Promise.resolve(new Set(leases.map(({ leaseId }) => leaseId)));
  }
}
