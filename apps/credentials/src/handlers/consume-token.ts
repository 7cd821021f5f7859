import { Injectable } from '@nestjs/common';
import { consumeAnswer, ProblemError, type ActionTokenClaims, type ConsumeAnswer } from '#contracts';
import { RegistryClient } from '#facts';
import { Trust, readPassage } from '#trust';
import { HttpTrust, type CallerOf } from '#trust/http';
import { isSuspended } from '../core/agent.js';
import { isForLease, readAgentProof, readToken, whyNotSpent, type Presented } from '../core/consume.js';
import { stop, type Lease } from '../core/lease.js';
import { LeaseStore } from '../io/lease.store.js';
import { OfferedLeases } from './offered-leases.js';
import { UnlessPulled } from './unless-pulled.js';

/** As long as a proof could come again: its `iat` may be a minute away from now in both directions, in seconds. */
const proofLifeSeconds = 180;

/** Who the agent is now, and which proofs were seen. */
@Injectable()
export class ConsumeFacts {
  constructor(
    private readonly registry: RegistryClient,
    private readonly http: HttpTrust,
    readonly trust: Trust,
  ) {}

  async isSuspended(agentId: string, now: Date): Promise<boolean> {
    const [agent = null] = await this.registry.current([{ kind: 'agents', id: agentId }]);
    return isSuspended(agent, now);
  }

  isFirst(jkt: string, jti: string): Promise<boolean> {
    return this.http.jtis.remember(jkt, jti, proofLifeSeconds);
  }
}

/**
 * A tool asks whether it may act, and for what exactly. One use is spent by compare-and-set before the answer, so a tool
 * that dies after it has used it up: at most once.
 */
@Injectable()
export class ConsumeToken {
  constructor(
    private readonly offered: OfferedLeases,
    private readonly leases: LeaseStore,
    private readonly facts: ConsumeFacts,
    private readonly unlessPulled: UnlessPulled,
  ) {}

  async handle({ target }: CallerOf<'tool'>, presented: Presented): Promise<ConsumeAnswer> {
    const claims = readToken(this.facts.trust, presented.token);
    if (claims === undefined) throw new ProblemError('token_invalid');
    const lease = await this.leaseOf(claims);
    if (lease === undefined || !isForLease(claims, lease, target)) throw new ProblemError('token_invalid');
    await this.proven(presented, claims);
    await this.mayAgent(lease);
    const action = await this.actionOf(lease);
    const spent = await this.unlessPulled.around(lease.leaseId, () => this.leases.spend(lease.leaseId));
    if (spent === undefined) throw new ProblemError(whyNotSpent(await this.offered.find(lease.leaseId)));
    return consumeAnswer.parse({
      ...action,
      uses_left: spent.usesLeft,
      expires_at: (spent.expiresAt ?? spent.offerExpiresAt).toISOString(),
    });
  }

  private leaseOf({ authorization_details: [detail] }: ActionTokenClaims): Promise<Lease | undefined> {
    return this.leases.find(detail.lease_id);
  }

  private async proven(presented: Presented, claims: ActionTokenClaims): Promise<void> {
    const jti = readAgentProof(presented, claims, await this.offered.now());
    if (jti === undefined || !(await this.facts.isFirst(claims.cnf.jkt, jti))) throw new ProblemError('proof_invalid');
  }

  /** Read now, not from a copy: a suspension counts from the moment it is made. */
  private async mayAgent(lease: Lease): Promise<void> {
    if (!(await this.facts.isSuspended(lease.agentId, await this.offered.now()))) return;
    const why = { code: 'agent_suspended', by: 'urn:sallyport:service:registry' } as const;
    await this.offered.change(lease.leaseId, (held) => stop(held, why));
    throw new ProblemError('agent_suspended');
  }

  /** From the evidence that the lease rests on, verified once more: these bytes are what people and policy said yes to. */
  private async actionOf(lease: Lease) {
    const passage = readPassage(this.facts.trust, await this.offered.evidence(lease), lease);
    if (passage === undefined || passage.actionDigest !== lease.actionDigest)
      throw new ProblemError('evidence_invalid');
    const { action, resource } = passage.value;
    const { actionId: action_id, actionDigest: action_digest, agentId: agent_id } = lease;
    return { action_id, action_digest, agent_id, action, resource: { type: resource.type, id: resource.id } };
  }
}
