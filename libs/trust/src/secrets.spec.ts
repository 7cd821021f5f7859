import { describe, expect, it } from '@jest/globals';
import { agentUrn, decisionView, type Known, type Plan, type Verdict } from '#contracts';
import { actionDigest, digestOf, digestOfBytes } from './canonical.js';
import { makeAgentKey } from './gate.fixture.js';
import { actionId, at, planOf, stageOf } from './plan.fixture.js';
import { requestAttributes, signRequest } from './request-signature.js';
import { maskedText, membersNamed, variantOf, variantsOf, type ViewVariant } from './secrets.js';
import { variantOfText, viewDigest, viewOf, type ViewInput } from './view.js';

const card = '4242424242421881';
const value = {
  subject: { type: 'agent', id: 'payer-1' },
  action: {
    name: 'card.charge',
    properties: {
      card,
      pin: 739158,
      order: 'ord-7',
      rows: [{ card: 'short', city: 'Wien' }],
      note: `charge ${card} now`,
    },
  },
  resource: { type: 'shop', id: 'shop/cards', properties: { last: card } },
  context: { justification: `the card ${card} with pin 739158 is theirs`, task_id: 't-9' },
  requested_access: { profile: 'charges', ttl_seconds: 300 },
};
const secret = ['card', 'pin'];
const texts = {
  masked: digestOfBytes(maskedText(value, { names: secret }, 'masked')),
  digest: digestOfBytes(maskedText(value, { names: secret }, 'digest')),
};
const plan: Plan = planOf([stageOf({ group: 'finance' })], {
  secrets: { names: secret, usual: 'digest', groups: [{ group: 'finance', masking: 'masked' }, { group: 'security', masking: 'shown' }], texts },
}); // prettier-ignore

const text = JSON.stringify(value);
const agent: Known<'agents'> = {
  kind: 'agents', id: 'payer-1', version: 1, changed_by: 'rita', changed_at: at(0),
  spec: { jwks: { keys: [] }, owner: 'olga', principals: [], scope: [], limits: [], requests_per_minute: 1, environment: 'production', state: 'active' },
}; // prettier-ignore
const actionType: Known<'action-types'> = {
  kind: 'action-types', id: 'card.charge', version: 1, changed_by: 'rita', changed_at: at(0),
  spec: { properties_schema: {}, risk: 'high', view: 'charge {card} for {order}: {note}' },
}; // prettier-ignore
const verdict: Verdict = {
  gate: 'gate.test.example', purpose: 'first', action_id: actionId, agent: { id: 'payer-1', version: 1 },
  action_digest: actionDigest({ id: actionId, source: agentUrn('payer-1'), data: value }),
  outcome: 'require_approval', code: 'approved', plan,
  grant: {
    profile: { id: 'charges', version: 1 }, ttl_seconds: 300, uses: 1, offer_ttl_seconds: 300,
    scope: { action: 'card.charge', resource: { type: 'shop', id: 'shop/cards' } },
  },
  obligations: { notify: [] }, findings: [], facts_digest: digestOf({}), bundle_digest: digestOf(1), iat: 1, exp: 2,
}; // prettier-ignore
const ce = requestAttributes('payer-1', actionId);
const request = {
  value: text,
  signature: signRequest(makeAgentKey(), text, { aud: 'x', iat: 1, ce }),
  acceptance: 'a.b.c',
};
const shown = (variant: ViewVariant, more: Partial<ViewInput> = {}) =>
  viewOf({ verdict, facts: {}, agent, actionType, variant, request, ...more });

describe('a view in which secrets are hidden', () => {
  it.each(['masked', 'digest'] as const)('has the secret nowhere, and is a whole view otherwise: %s', (variant) => {
    const view = shown(variant);
    expect(decisionView.safeParse(view).error).toBeUndefined();
    expect(JSON.stringify(view)).not.toMatch(/4242|739158|"short"/u);
    expect(view.action.properties).toMatchObject({ order: 'ord-7', rows: [{ city: 'Wien' }] });
    expect(view.unverified.context).toMatchObject({ task_id: 't-9' });
    expect(view.secrets).toEqual({ names: secret, are: variant });
  });

  it('tells long texts apart by their end, or by their digest', () => {
    expect(shown('masked').action.properties).toMatchObject({
      card: '••••1881',
      pin: '••••',
      rows: [{ card: '••••' }],
    });
    expect(shown('digest').action.properties).toMatchObject({ card: digestOf(card), pin: digestOf(739158) });
    expect(shown('masked').headline).toBe('payer-1 (run by olga) wants to charge ••••1881 for ord-7: charge •••• now');
  });

  it('shows everything to whom it is shown, and says that it is secret', () => {
    const view = shown('full');
    expect([view.exact, view.action.properties, view.secrets?.are]).toEqual([text, value.action.properties, 'shown']);
  });

  it('has a digest of its own in each variant', () => {
    expect(new Set(variantsOf(plan).map((variant) => viewDigest(shown(variant)))).size).toBe(3);
  });

  it('is the same for whoever has only the text of that variant', () => {
    for (const variant of ['masked', 'digest'] as const) {
      const hidden = maskedText(value, { names: secret }, variant);
      expect(shown(variant, { request: { ...request, value: hidden } })).toEqual(shown(variant));
      expect(variantOfText(verdict, hidden)).toBe(variant);
    }
    expect(variantOfText(verdict, text)).toBe('full');
  });

  it.each<[string, () => unknown]>([
    ['a text that policy did not sign', () => shown('masked', { request: { ...request, value: maskedText(value, { names: ['card'] }, 'masked') } })],
    ['the text of another variant', () => shown('masked', { request: { ...request, value: maskedText(value, { names: secret }, 'digest') } })],
    ['everything, from a text in which it is hidden', () => shown('full', { request: { ...request, value: maskedText(value, { names: secret }, 'masked') } })],
    ['a frozen text for which policy signed another hidden one', () => shown('masked', { verdict: { ...verdict, plan: planOf([stageOf()], { secrets: { names: ['order'], usual: 'masked', groups: [], texts } }) } })],
    ['a part hidden where nothing is secret', () => shown('masked', { verdict: { ...verdict, plan: planOf([stageOf()]) } })],
  ])('is not rendered for %s', (_, render) => {
    expect(render).toThrow(TypeError);
  }); // prettier-ignore
});

describe('who is shown what', () => {
  it('is said by the plan, by group, and for everybody else', () => {
    expect(['security', 'finance', 'auditors', undefined].map((group) => variantOf(plan, group))).toEqual([
      'full', 'masked', 'digest', 'digest',
    ]); // prettier-ignore
  });

  it('is everything where nothing is secret', () => {
    expect(variantOf(planOf([stageOf()]), 'finance')).toBe('full');
    expect(variantsOf(planOf([stageOf()]))).toEqual(['full']);
  });

  it('knows members by their names, however deep', () => {
    expect(membersNamed(value.action.properties, new Set(['city', 'pin', 'nowhere']))).toEqual(['city', 'pin']);
  });
});
