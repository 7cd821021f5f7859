import {
  agentUrn, outcomeValue, serviceUrn, signedAttributes, type OutcomeName, type OutcomeValue, type SignedAttributes, type SignedOutcome,
} from '#contracts'; // prettier-ignore
import type { Keyring } from './keyring.js';
import { sameAttributes } from './request-signature.js';
import { parseStrict } from './strict-json.js';
import type { Trust } from './trust.js';

/**
 * What each service may say: only a holder ends an action, and only credentials offers. A stolen key of intake can
 * therefore not offer a lease.
 */
export const outcomesOfServices: Readonly<Record<string, readonly OutcomeName[]>> = {
  intake: ['rejected', 'cancelled'],
  policy: ['denied', 'cancelled', 'expired'],
  approvals: ['pending', 'denied', 'expired', 'cancelled'],
  credentials: ['offered', 'released', 'denied', 'expired', 'cancelled', 'refused', 'ended'],
};

/** The CloudEvents attributes of an outcome. `eventId` is a UUIDv7 of its own, not the action id. */
export function outcomeAttributes(eventId: string, service: string, outcome: OutcomeName): SignedAttributes {
  return { id: eventId, source: serviceUrn(service), type: `sallyport.outcome.${outcome}.v1` };
}

/** Signs what the agent is told. `value` of the answer is the exact text; nobody may write it anew. */
export function signOutcome(
  keyring: Keyring,
  { agentId, ce, value }: { agentId: string; ce: SignedAttributes; value: OutcomeValue },
): SignedOutcome {
  if (!sameAttributes(ce, outcomeAttributes(ce.id, keyring.service, value.outcome))) {
    throw new TypeError(`attributes do not fit the outcome ${value.outcome} of ${keyring.service}`);
  }
  const text = JSON.stringify(value);
  const iat = Math.floor(Date.now() / 1_000);
  const signature = keyring.signDetached('outcome', text, { aud: agentUrn(agentId), iat, ce });
  return { ce, value: text, signature };
}

export interface OutcomeExpectation {
  /** The service that must have said it; any that may say this outcome when absent. */
  service?: string;
  agentId: string;
  actionId?: string;
}
export type OutcomeVerified = { ok: true; value: OutcomeValue; service: string } | { ok: false };

/**
 * True only for an outcome that a service which may say it has signed for this agent, and whose attributes and
 * content agree.
 */
export function verifyOutcome(trust: Trust, signed: SignedOutcome, expected: OutcomeExpectation): OutcomeVerified {
  const service = signed.ce.source.slice(serviceUrn('').length);
  if ((expected.service ?? service) !== service || !isSignedBy(trust, signed, { ...expected, service })) {
    return { ok: false };
  }
  const value = readValue(Buffer.from(signed.value, 'utf8'));
  if (value === undefined || !mayBeSaid(value, service, signed.ce)) return { ok: false };
  if (expected.actionId !== undefined && expected.actionId !== value.action_id) return { ok: false };
  return { ok: true, value, service };
}

/** The signature, whom it is for, and that it covers the attributes that came beside the text. */
function isSignedBy(trust: Trust, signed: SignedOutcome, by: OutcomeExpectation & { service: string }): boolean {
  const expected = { purpose: 'outcome', service: by.service, header: ['aud', 'iat', 'ce'] } as const;
  const verified = trust.verifyDetached(Buffer.from(signed.value, 'utf8'), signed.signature, expected);
  if (!verified.ok || verified.header['aud'] !== agentUrn(by.agentId)) return false;
  const ce = signedAttributes.safeParse(verified.header['ce']).data;
  return ce !== undefined && sameAttributes(ce, signed.ce);
}

function readValue(bytes: Buffer): OutcomeValue | undefined {
  const parsed = parseStrict(bytes);
  return parsed.ok ? outcomeValue.safeParse(parsed.value).data : undefined;
}

/** A service that may say this, under the type and source that this outcome of it has. */
function mayBeSaid(value: OutcomeValue, service: string, ce: SignedAttributes): boolean {
  const allowed = Object.hasOwn(outcomesOfServices, service) ? outcomesOfServices[service] : undefined;
  const fits = sameAttributes(ce, outcomeAttributes(ce.id, service, value.outcome));
  return fits && allowed?.includes(value.outcome) === true;
}
