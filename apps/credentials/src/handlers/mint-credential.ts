import { Injectable } from '@nestjs/common';
import { ProblemError, type Agent, type Known, type LeaseBundle } from '#contracts';
import { fault, Log } from '#platform';
import { encryptTo, Keyring } from '#trust';
import { giveUp, record, type Executed, type Lease } from '../core/lease.js';
import type { Issuer, Minted } from '../io/issuers/issuer.js';
import { Issuers } from '../io/issuers/issuers.js';
import { MintIntent, type Ready } from './mint-intent.js';
import { OfferedLeases } from './offered-leases.js';

type EncryptionKey = Agent['jwks']['keys'][number];

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
    private readonly keyring: Keyring,
    private readonly log: Log,
  ) {}

  /** Answers the sealed delivery. */
  async handle(ready: Ready): Promise<string> {
    const sealTo = encryptionKeyOf(ready.agent);
    const issuer = this.issuers.of(ready.terms.issuer);
    await issuer.probe(issuer.handleFor(ready.target, ready.jkt));
    const { lease, now } = await this.intents.write(ready, issuer);
    fault('after-intent-before-mint');
    const { sealed, executed } = await this.make({ ...ready, lease }, { issuer, now, sealTo });
    fault('between-mint-and-record');
    const recorded = await this.offered.change(lease.leaseId, (held) => record(held, executed));
    // It was stopped, or the clock took it back: what was made is being removed and is not delivered.
    if (!recorded.changed) throw new ProblemError(whyNotDelivered(recorded.lease));
    return sealed;
  }

  private async make(ready: Ready, by: { issuer: Issuer; now: Date; sealTo: EncryptionKey }): Promise<Made> {
    const { lease, profile, action, target, principal } = ready;
    try {
      const minted = await by.issuer.mint({ lease, profile, action, target, principal, now: by.now });
      const sealed = await this.seal(lease, minted, by.sealTo);
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

  /** JWE(JWS(bundle)): signed, because whoever has the agent's public key can encrypt to it. */
  private seal(lease: Lease, minted: Minted, to: EncryptionKey): Promise<string> {
    if (lease.expiresAt === null) throw new TypeError('a lease that is being minted has an end');
    const { leaseId: lease_id, actionDigest: action_digest } = lease;
    const bundle: LeaseBundle = {
      gate: this.keyring.gate,
      lease_id,
      action_id: lease.actionId,
      action_digest,
      agent_id: lease.agentId,
      expires_at: lease.expiresAt.toISOString(),
      ...(minted.kind === 'result' ? { result: minted } : { credential: minted }),
    };
    return encryptTo(to, this.keyring.sign('lease', bundle), { lease_id, action_digest });
  }
}

interface Made {
  sealed: string;
  executed: Executed | undefined;
}

function executedOf(minted: Minted): Executed | undefined {
  return minted.kind === 'result' ? { digest: minted.digest, rowCount: minted.row_count } : undefined;
}

/** Nothing is lost for an agent without a key to deliver to: it can register one and come again. */
function encryptionKeyOf(agent: Known<'agents'>): EncryptionKey {
  const key = agent.spec.jwks.keys.find(({ use }) => use === 'enc');
  if (key === undefined)
    throw new ProblemError('key_unknown', { detail: 'register a key with "use": "enc" to deliver to' });
  return key;
}

/** `ended` when somebody stopped it in mid-mint; `mint_failed` when it took too long. */
function whyNotDelivered({ code }: Lease): 'ended' | 'mint_failed' {
  return code === 'mint_failed' ? 'mint_failed' : 'ended';
}
