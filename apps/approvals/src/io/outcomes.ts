import { Injectable } from '@nestjs/common';
import type { OutcomeName, OutcomeValue, PendingCode, SignedOutcome } from '#contracts';
import { newId } from '#platform';
import { Keyring, outcomeAttributes, signOutcome } from '#trust';

export interface About {
  actionId: string;
  agentId: string;
  actionDigest: string;
}

/** What the agent is told about its request, signed with this service's key. */
@Injectable()
export class Outcomes {
  constructor(private readonly keyring: Keyring) {}

  pending(
    about: About,
    expiresAt: string,
    { code = 'approval_required', reasons }: { code?: PendingCode; reasons: string[] },
  ): SignedOutcome {
    return this.#sign(about, {
      outcome: 'pending',
      code,
      reasons,
      approval: { expires_at: expiresAt },
    });
  }

  ended(
    about: About,
    outcome: 'denied' | 'expired' | 'cancelled',
    said: { code: string; reasons?: string[] },
  ): SignedOutcome {
    return this.#sign(about, { outcome, code: said.code, reasons: said.reasons ?? [said.code] });
  }

  #sign(
    { actionId, agentId, actionDigest }: About,
    said: Omit<OutcomeValue, 'action_id' | 'action_digest'>,
  ): SignedOutcome {
    const ce = outcomeAttributes(newId(), this.keyring.service, said.outcome satisfies OutcomeName);
    return signOutcome(this.keyring, {
      agentId,
      ce,
      value: { action_id: actionId, action_digest: actionDigest, ...said },
    });
  }
}
