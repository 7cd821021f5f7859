import { Injectable } from '@nestjs/common';
import { ProblemError, type AgentKey } from '#contracts';
import { fault, Log } from '#platform';
import { giveUp, record, type Executed, type Lease } from '../core/lease.js';
import type { Issuer, Minted } from '../io/issuers/issuer.js';
import { Issuers } from '../io/issuers/issuers.js';
import { Deliveries } from './deliveries.js';
import { keyToDeliverTo, MintIntent, type Ready } from './mint-intent.js';
import { OfferedLeases } from './offered-leases.js';

/**
 * Intent, mint, record, answer: in this order, each committed before the next. A crash at any point leaves a row in
 * `minting` that the clock takes back; then the agent hears `mint_failed`, and nothing is left at the target.
 */
@Injectable()
export class MintCredential {
  constructor(
    private readonly issuers: Issuers,
    private readonly intents: MintIntent,
    private readonly offered: OfferedLeases,
    private readonly deliveries: Deliveries,
    private readonly log: Log,
  ) {}

  /** Answers the sealed delivery; undefined when somebody else was quicker. */
  async handle(ready: Ready): Promise<string | undefined> {
    const sealTo = keyToDeliverTo(ready);
    const issuer = this.issuers.of(ready.terms.issuer);
    await issuer.probe(issuer.handleFor(ready.target, ready.jkt));
    const intent = await this.intents.write(ready, issuer);
    if (intent === undefined) return undefined;
    const { lease, now } = intent;
    fault('after-intent-before-mint');
    const { sealed, executed } = await this.make({ ...ready, lease }, { issuer, now, sealTo });
    fault('between-mint-and-record');
    const recorded = await this.offered.change(
      lease.leaseId,
      (held) => record(held, executed),
      (tx) => this.deliveries.keep(tx, lease.leaseId, sealed),
    );
    // It was stopped, or the clock took it back: what was made is being removed and is not delivered.
    if (!recorded.changed) throw new ProblemError(whyNotDelivered(recorded.lease));
    return sealed;
  }

  private async make(ready: Ready, by: { issuer: Issuer; now: Date; sealTo: AgentKey }): Promise<Made> {
    const { lease, profile, action, target, principal } = ready;
    try {
      const minted = await by.issuer.mint({ lease, profile, action, target, principal, now: by.now });
      const sealed = await this.deliveries.seal(lease, minted, by.sealTo);
      return { sealed, executed: executedOf(minted) };
    } catch (error) {
      this.log.error('lease.mint_failed', {
        lease_id: lease.leaseId,
        action_id: lease.actionId,
        target: lease.target,
        error,
      });
      await this.offered.change(lease.leaseId, giveUp);
      throw new ProblemError('mint_failed');
    }
  }
}

interface Made {
  sealed: string;
  executed: Executed | undefined;
}

function executedOf(minted: Minted): Executed | undefined {
  return minted.kind === 'result' ? { digest: minted.digest, rowCount: minted.row_count } : undefined;
}

/** `ended` when somebody stopped it in mid-mint; `mint_failed` when it took too long. */
function whyNotDelivered({ code }: Lease): 'ended' | 'mint_failed' {
  return code === 'mint_failed' ? 'mint_failed' : 'ended';
}
