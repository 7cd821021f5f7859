import { createHash } from 'node:crypto';
import { stepUp, type StepUp, type StepUpAbout, type Vote } from '#contracts';
import { canonical } from './canonical.js';
import type { Keyring } from './keyring.js';
import type { Trust } from './trust.js';

/** How old a confirmation may be when its vote is received. Seconds. */
export const stepUpSeconds = 300;
/** Two services of one gate, whose databases' clocks may differ. */
const leewaySeconds = 60;

/**
 * What the authenticator signs: SHA-256, base64url, over the domain, a zero byte and JCS of what is confirmed. So an
 * assertion for another action, the opposite decision, another view or another moment is another challenge.
 */
export function stepUpChallenge(about: StepUpAbout): string {
  const { action_digest, action_id, decision, gate, nonce, plan_digest, view_digest } = about;
  const said = { action_digest, action_id, decision, gate, nonce, plan_digest, view_digest };
  return challengeOf('sallyport/step-up/v1', said);
}

/** The same for whatever else is confirmed; `domain` keeps the kinds apart. */
export function challengeOf(domain: string, said: object): string {
  return createHash('sha256').update(`${domain}\0`).update(canonical(said)).digest('base64url');
}

export function signStepUp(keyring: Keyring, said: Omit<StepUp, 'gate'>): string {
  return keyring.sign('person-key', { gate: keyring.gate, ...said } satisfies StepUp, 'sallyport-step-up+jws');
}

/** What credentials states that a person confirmed; undefined when it does not. */
export function readStepUp(trust: Trust, statement: string): StepUp | undefined {
  const by = { purpose: 'person-key', service: 'credentials', typ: 'sallyport-step-up+jws' } as const;
  const read = trust.verify(statement, { ...by, schema: stepUp });
  return read.ok ? read.payload : undefined;
}

/** Was exactly this vote confirmed, shortly before it was received? Whose security key it is, is for whoever has the registry. */
export function isConfirmed(vote: Vote, confirmed: StepUp, receivedAt: string): boolean {
  const isSame =
    confirmed.gate === vote.gate &&
    confirmed.decision === vote.decision &&
    confirmed.action_id === vote.action_id &&
    confirmed.action_digest === vote.action_digest &&
    confirmed.plan_digest === vote.plan_digest &&
    confirmed.view_digest === vote.view_digest;
  const age = (Date.parse(receivedAt) - Date.parse(confirmed.confirmed_at)) / 1_000;
  return isSame && age >= -leewaySeconds && age <= stepUpSeconds;
}
