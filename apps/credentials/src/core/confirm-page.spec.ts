import { describe, expect, it } from '@jest/globals';
import { viewOf } from '#trust';
import { placeOf, type About } from './ceremony.js';
import { confirmPage } from './confirm-page.js';
import { aPlan, aPlanned, anAction, aWorld } from './evidence.fixture.js';
import { pageHeaders } from './page-assets.js';

const world = aWorld();
const holder = { person: 'ada', iss: 'https://idp.example', sub: 'ada' };
const place = placeOf('https://gate.example');
const pageOf = (about: About): string =>
  confirmPage({
    ceremony: { about, challenge: 'c'.repeat(43), holder },
    place,
    credentialIds: ['key-1'],
    algorithms: [-7],
  });

function voteOn(justification: string, decision: 'approve' | 'deny' = 'approve'): string {
  const value = { ...anAction(world, '019aaaaa-0000-7000-8000-000000000001').value };
  const action = anAction(world, '019aaaaa-0000-7000-8000-000000000002', {
    value: { ...value, context: { justification } },
  });
  const verdict = aPlanned(action, aPlan({ step_up: true }));
  const { request } = action;
  const view = viewOf({ verdict, facts: {}, request, agent: world.agent, actionType: undefined, variant: 'full' });
  const { action_digest, action_id, plan_digest } = view;
  const about = { gate: 'g', decision, action_id, action_digest, plan_digest, view_digest: action_digest, nonce: 'n' };
  return pageOf({ kind: 'vote', confirms: about, view });
}

describe('the page of a vote', () => {
  it('says which decision, the exact bytes, and last what the agent says', () => {
    const page = voteOn('please');
    const order = [
      'Approve: ',
      'who asks',
      'exact bytes',
      'who decides',
      'Written by the agent, not verified',
      'please',
      'with your security key',
    ];
    const places = order.map((words) => page.lastIndexOf(words));
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(voteOn('please', 'deny')).toContain('Deny, with your security key');
  });

  it('asks for one of this person’s keys, at this place, with the person verified', () => {
    const options = /data-options="([^"]+)"/u.exec(voteOn('x'))?.[1]?.replaceAll('&quot;', '"') ?? '';
    expect(JSON.parse(options)).toMatchObject({
      challenge: 'c'.repeat(43),
      rpId: 'gate.example',
      allowCredentials: [{ type: 'public-key', id: 'key-1' }],
      userVerification: 'required',
    });
  });

  it.each([
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "' onclick='x",
    '&lt;b&gt;',
    '\u202egnp.exe',
    'a\u200bb',
  ])('shows %j as text', (words) => {
    const page = voteOn(words);
    expect(page.match(/<script/gu)).toHaveLength(1);
    expect(page).not.toContain('<img');
    expect(page).not.toContain("onclick='x");
    expect(page).not.toMatch(/[\u202e\u200b]/u);
  });
});

describe('the page of something else', () => {
  it('names what would stop, and why', () => {
    const pull = { scope: 'agent', id: 'a-1', reason: '<odd>' } as const;
    expect(pageOf({ kind: 'pull', gate: 'g', person: 'ada', pull, nonce: 'n' })).toContain(
      '<dd>agent a-1</dd><dt>why</dt><dd>&lt;odd&gt;</dd>',
    );
  });

  it('enrols a key for one person, and not one that is enrolled', () => {
    const page = pageOf({ kind: 'enrol', gate: 'g', person: 'ada', label: 'blue', nonce: 'n' });
    expect(page).toContain('data-kind="enrol"');
    expect(page).toContain(
      'excludeCredentials&quot;:[{&quot;type&quot;:&quot;public-key&quot;,&quot;id&quot;:&quot;key-1&quot;}]',
    );
  });
});

describe('every page', () => {
  it('runs no script but its own, and is in no frame', () => {
    const policy = pageHeaders['content-security-policy'];
    for (const rule of [
      "default-src 'none'",
      "script-src 'self'",
      "frame-ancestors 'none'",
      "form-action 'none'",
      "base-uri 'none'",
    ])
      expect(policy).toContain(rule);
    expect(policy).not.toMatch(/unsafe|\*|data:/u);
  });
});
