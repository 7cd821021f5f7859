import { Injectable } from '@nestjs/common';
import {
  leaseCancelled, leaseEnded, leaseLapsed, leaseOffered, leaseRefused, leaseReleased, leaseReplayed,
  type EventDefinition, type OutcomeName, type OutcomeValue, type ReplayWhy, type SignedOutcome,
} from '#contracts'; // prettier-ignore
import type { Said } from '#messaging';
import { CommonSettings, newId } from '#platform';
import { Keyring, outcomeAttributes, signOutcome, signReplay } from '#trust';
import type { Lease } from '../core/lease.js';
import { modeOf } from '../core/terms.js';
import { tellingOf, type Telling } from '../core/telling.js';
import type { Saved } from '../io/lease.store.js';
import type { NewLease } from '../io/offer.store.js';

type Over = Telling & { event: Exclude<Telling['event'], 'released'> };

const isOver = (telling: Telling): telling is Over => telling.event !== 'released';

const ends: Record<Over['event'], EventDefinition> = {
  refused: leaseRefused,
  lapsed: leaseLapsed,
  cancelled: leaseCancelled,
  ended: leaseEnded,
};

/** A second redeem, at the database's time. */
interface Again {
  why: ReplayWhy;
  jkt: string;
  ends: boolean;
  at: Date;
}

interface Subject {
  actionId: string;
  agentId: string;
  actionDigest: string;
}

/** Puts what has happened into events, each with the outcome inside that the agent is told, signed here and never written anew. */
@Injectable()
export class LeaseWords {
  constructor(
    private readonly keyring: Keyring,
    private readonly settings: CommonSettings,
  ) {}

  /** Where an agent redeems this lease. */
  redeemUrl(leaseId: string): string {
    return `${this.settings.SALLYPORT_CREDENTIALS_URL}/v1/leases/${leaseId}/redeem`;
  }

  about(saved: readonly Saved[]): Said[] {
    return saved.flatMap(({ change, lease }) => {
      const telling = tellingOf(change);
      if (telling === undefined) return [];
      return [isOver(telling) ? this.over(lease, telling) : this.released(lease, telling)];
    });
  }

  private released(lease: Lease, telling: Telling): Said {
    const outcome = this.sign(lease, telling.outcome, { ...telling, lease: this.leaseOf(lease) });
    const expires_at = (lease.expiresAt ?? lease.offerExpiresAt).toISOString();
    return said(leaseReleased, lease, {
      ...subjectOf(lease),
      lease_id: lease.leaseId,
      expires_at,
      ...resultOf(lease),
      outcome,
    });
  }

  private over(lease: Lease, telling: Over): Said {
    const { code } = telling;
    const by = { ...(lease.by !== null && { by: lease.by }), ...(lease.reason !== null && { reason: lease.reason }) };
    const outcome = this.sign(lease, telling.outcome, telling);
    const about = { ...subjectOf(lease), lease_id: lease.leaseId, code, ...by, ...resultOf(lease), outcome };
    return said(ends[telling.event], lease, about);
  }

  /** A lease is on offer. `code` says why: `policy_allowed`, `approved` or `emergency_rule`. */
  offered(offer: NewLease & { terms: object; offerExpiresAt: Date }, code: string): Said {
    const { leaseId, terms, offerExpiresAt } = offer;
    const lease = this.leaseOf({ leaseId, offerExpiresAt, ...terms });
    const outcome = this.sign(offer, 'offered', { code, reasons: [code], lease });
    const expires = offerExpiresAt.toISOString();
    return said(leaseOffered, first(offer), {
      ...subjectOf(offer),
      lease_id: leaseId,
      offer_expires_at: expires,
      outcome,
    });
  }

  /** Somebody came for what was given already. The agent is not told by an outcome: it may be the agent's own second key that came. */
  replayed(lease: Lease, { why, jkt, ends, at }: Again): Said {
    const about = { ...subjectOf(lease), lease_id: lease.leaseId, why, jkt, ends };
    return said(leaseReplayed, lease, { ...about, replay: signReplay(this.keyring, about, at) });
  }

  /** An action is over before there was a lease. */
  overBefore(lease: NewLease, code: string): Said {
    const telling = tellingOf({ to: lease.state, code, reasons: [code] });
    if (telling === undefined || !isOver(telling)) throw new TypeError('not an end before a lease');
    const outcome = this.sign(lease, telling.outcome, telling);
    return said(ends[telling.event], first(lease), { ...subjectOf(lease), code: telling.code, outcome });
  }

  private leaseOf(lease: Pick<Lease, 'leaseId' | 'offerExpiresAt' | 'profile' | 'issuer'>): OutcomeValue['lease'] {
    return {
      id: lease.leaseId,
      redeem_url: this.redeemUrl(lease.leaseId),
      offer_expires_at: lease.offerExpiresAt.toISOString(),
      profile: lease.profile,
      mode: modeOf(lease.issuer),
    };
  }

  private sign(
    subject: Subject,
    outcome: OutcomeName,
    more: Pick<OutcomeValue, 'code' | 'reasons' | 'lease'>,
  ): SignedOutcome {
    const { code, reasons, lease } = more;
    return signOutcome(this.keyring, {
      agentId: subject.agentId,
      ce: outcomeAttributes(newId(), this.keyring.service, outcome),
      value: {
        action_id: subject.actionId,
        action_digest: subject.actionDigest,
        outcome,
        code,
        reasons,
        ...(lease === undefined ? {} : { lease }),
      },
    });
  }
}

const subjectOf = ({ actionId, agentId }: Subject) => ({ action_id: actionId, agent_id: agentId });

const resultOf = ({ executed }: Lease) =>
  executed === null ? {} : { result: { digest: executed.digest, row_count: executed.rowCount } };

const first = (lease: NewLease) => ({ ...lease, version: 1, traceparent: lease.traceparent ?? null });

function said(
  event: EventDefinition,
  { actionId, version, traceparent }: { actionId: string; version: number; traceparent: string | null },
  data: object,
): Said {
  return { event, subject: actionId, sequence: version, data, traceparent: traceparent ?? undefined };
}
