import { Injectable } from '@nestjs/common';
import { ProblemError, type Known, type RefusedCode } from '#contracts';
import { Fault } from '#platform';
import { readChain, type Evidence } from '#trust';
import type { CallerOf } from '#trust/http';
import { isSuspended } from '../core/agent.js';
import type { Claim } from '../core/delivery.js';
import { refuse, stop, type Change, type Lease } from '../core/lease.js';
import { checkRedeem, judgedAgain, readJudgement, type Checked } from '../core/redeem.js';
import { PolicyClient } from '../io/policy.client.js';
import { MintCredential } from './mint-credential.js';
import { OfferedLeases } from './offered-leases.js';
import { RedeemAgain } from './redeem-again.js';
import { RedeemFacts, type Access } from './redeem-facts.js';

type Sound = Extract<Checked, { ok: true }>;

/** What the agent brings: its proof, and the digest of the action it thinks this is. */
export interface RedeemCall {
  caller: CallerOf<'agent'>;
  leaseId: string;
  actionDigest: string;
  /** Which of its encryption keys it wants the delivery for; undefined: whichever it is. */
  encKid: string | undefined;
}

/**
 * An agent collects its credential. Nothing that was verified before is believed: the agent, the whole
 * chain of evidence, the profile and policy are all read and judged at this moment. What fails for want of an answer
 * leaves the lease on offer; what fails by an answer ends it.
 */
@Injectable()
export class RedeemLease {
  constructor(
    private readonly offered: OfferedLeases,
    private readonly facts: RedeemFacts,
    private readonly policy: PolicyClient,
    private readonly minting: MintCredential,
    private readonly again: RedeemAgain,
  ) {}

  /** Answers the sealed delivery (JWE). Throws ProblemError, or a retryable Fault when something does not answer. */
  async handle({ caller, leaseId, actionDigest, encKid }: RedeemCall): Promise<string> {
    const lease = await this.offered.find(leaseId, caller.agent.id);
    const access = await this.facts.access(lease);
    const now = await this.offered.now();
    const agent = await this.mayAgent(caller, lease, { agent: access.agent, now });
    const claim = { jkt: caller.jkt, actionDigest, encKid };
    const kept = await this.again.handle(lease, claim);
    if (kept !== undefined) return kept;
    if (lease.actionDigest !== actionDigest) throw new ProblemError('digest_mismatch');
    const evidence = await this.offered.evidence(lease);
    const { profile, target, checked } = await this.check(lease, evidence, { ...access, agent });
    const terms = await this.askPolicy({ lease, evidence, now }, checked);
    const principal = this.facts.principal(checked.chain);
    const { action } = checked.chain.value;
    const ready = { lease, terms, profile, action, target, agent, jkt: caller.jkt, principal, encKid };
    return (await this.minting.handle(ready)) ?? this.afterAnother(leaseId, claim);
  }

  /** Another call has taken the lease, or the clock has, between the first look and the intent. */
  private async afterAnother(leaseId: string, claim: Claim): Promise<string> {
    const kept = await this.again.handle(await this.offered.find(leaseId), claim);
    // On offer by its state, and yet not given: its time was over.
    if (kept === undefined) throw new ProblemError('expired');
    return kept;
  }

  /** The agent's row comes first: a suspended one gets nothing, and what it was offered is gone. */
  private async mayAgent(
    { jkt }: CallerOf<'agent'>,
    lease: Lease,
    { agent, now }: { agent: Known<'agents'> | null; now: Date },
  ): Promise<Known<'agents'>> {
    if (agent === null || isSuspended(agent, now)) {
      const why = { code: 'agent_suspended', by: 'urn:sallyport:service:registry' } as const;
      await this.offered.change(lease.leaseId, (held) => stop(held, why));
      throw new ProblemError('agent_suspended');
    }
    const isHeld = agent.spec.jwks.keys.some(({ kid, use }) => kid === jkt && use === 'sig');
    if (!isHeld) throw new ProblemError('key_unknown');
    return agent;
  }

  private async check(
    lease: Lease,
    evidence: Evidence,
    { agent, profile, target }: Access & { agent: Known<'agents'> },
  ) {
    const chain = readChain(this.facts.trust, evidence, lease);
    const facts = chain === undefined ? { groups: [], people: [] } : await this.facts.votes(chain, chain.plan);
    const { actionDigest } = lease;
    const audiences = this.facts.audiences();
    const checked = checkRedeem({ evidence, chain, actionDigest, agent, audiences, facts, profile, target });
    if (!checked.ok) return this.refuse(lease, checked.code);
    if (!(await this.facts.votesHold(checked.chain, evidence))) return this.refuse(lease, 'evidence_invalid');
    if (profile === null || target === null) throw new TypeError('a sound lease has a profile and a target');
    return { checked, profile: profile.spec, target: target.spec };
  }

  private async askPolicy({ lease, evidence, now }: { lease: Lease; evidence: Evidence; now: Date }, sound: Sound) {
    const { chain } = sound;
    const { request, votes } = evidence;
    const jws = await this.policy.judge({ purpose: 'redeem', evidence: request, ...(votes && { votes }) });
    const again = readJudgement(this.facts.trust, jws, chain, now);
    if (again === undefined) throw unverified();
    const terms = judgedAgain(again, sound, await this.facts.votes(chain, chain.plan, again.plan));
    return terms ?? this.refuse(lease, 'policy_changed');
  }

  private async refuse(lease: Lease, code: RefusedCode): Promise<never> {
    await this.offered.change(lease.leaseId, (held): Change | undefined => refuse(held, code));
    throw new ProblemError(code);
  }
}

function unverified(): Fault {
  return new Fault('policy_unavailable', { retryable: true, message: "policy's verdict does not verify" });
}
