import { describe, expect, it } from '@jest/globals';
import type { OutcomeName, OutcomeValue, SignedOutcome } from '#contracts';
import { makeGate } from './gate.fixture.js';
import { outcomeAttributes, outcomesOfServices, signOutcome, verifyOutcome } from './outcome.js';

const gate = makeGate();
const actionId = '01938a1e-7c00-7000-8000-000000000001';
const eventId = '01938a1e-7c00-7000-8000-0000000000e1';
const valueOf = (outcome: OutcomeName): OutcomeValue => ({
  action_id: actionId,
  action_digest: `sha256:${'A'.repeat(43)}`,
  outcome,
  code: 'policy_denied',
  reasons: [],
});

function say(service: string, outcome: OutcomeName, agentId = 'a-1'): SignedOutcome {
  const ce = outcomeAttributes(eventId, service, outcome);
  return signOutcome(gate.keyring(service), { agentId, ce, value: valueOf(outcome) });
}
const verify = (signed: SignedOutcome, more: object = {}) =>
  verifyOutcome(gate.trust, signed, { agentId: 'a-1', ...more });

describe('an outcome', () => {
  const signed = say('policy', 'denied');

  it('verifies for the agent that it was signed for, and says who said it', () => {
    expect(verify(signed)).toEqual({ ok: true, service: 'policy', value: valueOf('denied') });
    expect(verify(signed, { service: 'policy', actionId }).ok).toBe(true);
  });

  it('does not verify for another agent, service or action than expected', () => {
    expect(verify(signed, { agentId: 'a-2' }).ok).toBe(false);
    expect(verify(signed, { service: 'approvals' }).ok).toBe(false);
    expect(verify(signed, { actionId: eventId }).ok).toBe(false);
  });

  it('does not verify when its text or its attributes were exchanged', () => {
    const text = signed.value.replace('policy_denied', 'person_denied');
    expect(verify({ ...signed, value: text }).ok).toBe(false);
    expect(verify({ ...signed, value: `${signed.value} ` }).ok).toBe(false);
    for (const name of ['id', 'source', 'type'] as const) {
      expect(verify({ ...signed, ce: { ...signed.ce, [name]: 'x' } }).ok).toBe(false);
    }
    expect(verify({ ...signed, ce: outcomeAttributes(eventId, 'approvals', 'denied') }).ok).toBe(false);
  });

  it('is said only by a service that may say it', () => {
    for (const service of ['intake', 'policy', 'approvals', 'credentials']) {
      for (const outcome of [
        'rejected',
        'denied',
        'pending',
        'offered',
        'expired',
        'cancelled',
        'refused',
        'released',
        'ended',
      ] as const) {
        expect([service, outcome, verify(say(service, outcome)).ok]).toEqual([
          service, outcome, outcomesOfServices[service]?.includes(outcome) ?? false,
        ]); // prettier-ignore
      }
    }
  });

  it('offers only by credentials', () => {
    const mayOffer = Object.entries(outcomesOfServices).filter(([, outcomes]) => outcomes.includes('offered'));
    expect(mayOffer.map(([service]) => service)).toEqual(['credentials']);
  });

  it('cannot be signed with attributes that do not fit', () => {
    const ce = outcomeAttributes(eventId, 'policy', 'cancelled');
    const sign = () => signOutcome(gate.keyring('policy'), { agentId: 'a-1', ce, value: valueOf('denied') });
    expect(sign).toThrow('attributes do not fit');
  });

  it('does not verify when its type says something else than its text', () => {
    const text = JSON.stringify(valueOf('cancelled'));
    const ce = outcomeAttributes(eventId, 'policy', 'denied');
    const signature = gate
      .keyring('policy')
      .signDetached('outcome', text, { aud: 'urn:sallyport:agent:a-1', iat: 1, ce });
    expect(verify({ ce, value: text, signature }).ok).toBe(false);
  });

  it('does not verify when its text is signed but is no outcome', () => {
    const ce = outcomeAttributes(eventId, 'policy', 'denied');
    const sign = (text: string) =>
      gate.keyring('policy').signDetached('outcome', text, { aud: 'urn:sallyport:agent:a-1', iat: 1, ce });
    const twice = JSON.stringify(valueOf('denied')).replace('{', '{"outcome":"ended",');
    for (const text of ['{}', twice, 'x']) expect(verify({ ce, value: text, signature: sign(text) }).ok).toBe(false);
  });
});
