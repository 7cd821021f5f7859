import { killSwitchChanged, policyAllowed, policyDenied } from '#contracts';
import { describe, expect, it } from '@jest/globals';
import { concerns } from './heard.js';

const aVerdict = {
  gate: 'gate',
  purpose: 'first',
  action_id: '01980000-0000-7000-8000-000000000001',
  agent: { id: 'agent-1', version: 1 },
  action_digest: `sha256:${'A'.repeat(43)}`,
  outcome: 'allow',
  code: 'policy_allowed',
  obligations: { notify: [] },
  findings: [],
  facts_digest: `sha256:${'A'.repeat(43)}`,
  bundle_digest: `sha256:${'A'.repeat(43)}`,
  iat: 1,
  exp: 2,
};

/** Its signature is no business of this question. */
function allowedWith(more: object): unknown {
  const payload = Buffer.from(JSON.stringify({ ...aVerdict, ...more })).toString('base64url');
  return { evidence: { verdict: `e30.${payload}.AA` } };
}

const review = { rule: 'EMERG-001', group: 'security', due_seconds: 60 };

describe('what concerns the notifier', () => {
  it.each<[string, object, boolean]>([
    ['an allow that names nobody does not', {}, false],
    ['one that names a group does', { obligations: { notify: ['security'] } }, true],
    ['one that wants a review does', { obligations: { notify: [], review } }, true],
    ['one that cannot be read does', { obligations: 'none' }, true],
  ])('%s', (_, more, does) => {
    expect(concerns(policyAllowed.type, allowedWith(more))).toBe(does);
  });

  it('the kill switch does not: it is about no action, and what it ends is said action by action', () => {
    expect(concerns(killSwitchChanged.type, {})).toBe(false);
  });

  it('everything else does, whatever it says', () => {
    expect(concerns(policyDenied.type, {})).toBe(true);
  });
});
