import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  approvalAnswer, approvalsAnswer, evidenceAnswer, registryEntry, reviewsAnswer, topics, verdict as verdictSchema,
} from '#contracts'; // prettier-ignore
import { newId } from '#platform';
import { digestOf, verifyServiceToken } from '#trust';
import { landingHeaders, landingPage } from '../../apps/approvals/src/core/landing.js';
import { agentId, agentOf, planOf, stageOf } from '../../apps/approvals/src/core/plan.fixture.js';
import { judge, plans, soon } from '../../apps/approvals/src/gate.fixture.js';
import { eventually } from '../support/eventually.js';
import { ApprovalsWorld, type Answer } from './approvals-world.js';

const world = new ApprovalsWorld();

beforeAll(async () => {
  await world.start();
  for (const id of ['anna', 'ben', 'nobody', 'sam']) {
    const identities = [{ iss: world.issuer, sub: id }];
    await world.register('people', id, { identities, name: id, limits: [], state: 'active' });
  }
  await world.register('groups', 'dba', { members: ['anna', 'ben'], channel: { mail: 'people@example.test' } });
  await world.register('groups', 'soc-lead', { members: ['sam'], channel: { mail: 'people@example.test' } });
  await world.register('agents', agentId, agentOf().spec);
}, 60_000);

afterAll(() => world.remove(), 30_000);

beforeEach(everybodyAnswers);

function everybodyAnswers(): void {
  world.isRegistryDown = false;
  world.keysAre = 'live';
  world.judgement = (accepted) => judge(world.gate, accepted, { purpose: 'vote', outcome: 'allow', plan: undefined });
}

async function open(plan = plans.one()): Promise<string> {
  const actionId = await world.ask(plan);
  await eventually(() => {
    expect(world.of(actionId)).toContain('approval.opened');
  });
  return actionId;
}

async function vote(by: string, actionId: string, more: object = {}): Promise<Answer> {
  const { body } = await world.call('sam', 'GET', `/v1/approvals/${actionId}`);
  const signed = world.signed(by, approvalAnswer.parse(body));
  return world.call(by, 'POST', `/v1/approvals/${actionId}/votes`, { ...signed, ...more });
}

describe('one request, from policy to grant, by the doors', () => {
  it('is listed, shown, voted on and granted, on one trace', async () => {
    const actionId = await open();
    const list = await world.call('anna', 'GET', '/v1/approvals?state=open&mine=true&each=true');
    expect(approvalsAnswer.parse(list.body).approvals.map(({ action_id }) => action_id)).toContain(actionId);
    const shown = approvalAnswer.parse((await world.call('anna', 'GET', `/v1/approvals/${actionId}`)).body);
    expect(Object.keys(shown.decision).at(-1)).toBe('unverified');
    const voted = await vote('anna', actionId);
    expect(voted).toMatchObject({ status: 200, body: { action_id: actionId, state: 'granted', stage: 1 } });
    await eventually(() => {
      expect(world.of(actionId)).toEqual(['approval.opened', 'approval.voted', 'approval.granted']);
    });
    const opened = world.heard.find(({ key }) => key === actionId);
    expect(opened?.traceparent).toContain('11111111111111111111111111111111');
    expect((await vote('ben', actionId)).code).toBe('already_decided');
  });

  it('gives the evidence as it was signed to whoever may see it, and nothing to others', async () => {
    const actionId = await open();
    const path = `/v1/approvals/${actionId}/evidence`;
    const { request, verdict, facts, agent, action_type } = evidenceAnswer.parse((await world.call('anna', 'GET', path)).body);
    const by = { purpose: 'verdict', service: 'policy', schema: verdictSchema } as const;
    const judged = world.gate.trust.verify(verdict, by);
    expect(judged.ok && [judged.payload.action_id, judged.payload.facts_digest]).toEqual([actionId, digestOf(facts)]);
    expect([...world.asked.values()].map((one) => one.request)).toContainEqual(request);
    const entry = world.gate.trust.verify(agent, { purpose: 'registry', service: 'registry', schema: registryEntry });
    expect(entry.ok && entry.payload).toMatchObject({ kind: 'agents', id: agentId, version: 1 });
    expect(action_type).toBeUndefined();
    expect(await world.call('nobody', 'GET', path)).toMatchObject({ status: 404, code: 'not_found' });
    world.isRegistryDown = true;
    expect(await world.call('anna', 'GET', path)).toMatchObject({ status: 503, code: 'dependency_unavailable' });
  }); // prettier-ignore

  it('expires by itself', async () => {
    const actionId = await open(plans.one({ deadline_at: soon(1) }));
    await eventually(() => {
      expect(world.of(actionId)).toEqual(['approval.opened', 'approval.expired']);
    });
  });

  it('goes on to the next group by itself', async () => {
    const stages = [stageOf({ escalate: { after_seconds: 1, to: 'soc-lead' } })];
    const actionId = await open(planOf(stages, { begins_at: soon(-1), deadline_at: soon() }));
    await eventually(() => {
      expect(world.of(actionId)).toEqual(['approval.opened', 'approval.escalated']);
    });
  });

  it('a stop cancels it and suspends the agent, once the registry answers', async () => {
    const actionId = await open();
    const stopped = await world.call('sam', 'POST', `/v1/approvals/${actionId}/stop`, { reason: 'enough' });
    expect(stopped).toMatchObject({ status: 200, body: { state: 'cancelled', asked: false } });
    await eventually(() => {
      expect(world.suspended.map((one) => one.agentId)).toEqual([agentId]);
    });
    const token = world.suspended[0]?.caller.replace('Bearer ', '') ?? '';
    const aud = (JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { aud: string }).aud;
    expect(verifyServiceToken(world.gate.trust, token, { aud })).toEqual({ ok: true, service: 'approvals' });
  });

  it('a suspension that the registry announces ends what is open', async () => {
    const actionId = await open();
    await world.register('agents', agentId, { ...agentOf().spec, state: 'suspended' }, 2);
    await eventually(() => {
      expect(world.of(actionId)).toEqual(['approval.opened', 'approval.cancelled']);
    });
    await world.register('agents', agentId, agentOf().spec, 3);
    // Until the resumed agent is heard of, what it asks is cancelled at once.
    await eventually(async () => {
      const again = await world.ask(plans.one());
      await eventually(() => {
        expect(world.of(again)).not.toEqual([]);
      });
      expect(world.of(again)).toEqual(['approval.opened']);
    });
  });

  it('what nobody can read denies it', async () => {
    const actionId = await open();
    const headers = { ce_specversion: '1.0', ce_id: newId(), ce_source: 'urn:sallyport:service:policy', ce_type: 'sallyport.policy.approval_required.v1', ce_subject: actionId, ce_sequence: '2', ce_time: soon(), 'content-type': 'application/json' }; // prettier-ignore
    await world.send(topics.decisions, { key: actionId, headers, value: '{"not":"this"}' });
    await eventually(() => {
      expect(world.of(actionId)).toEqual(['approval.opened', 'approval.denied']);
    });
  });
});

describe('who comes in', () => {
  it.each<[string, () => Promise<string | undefined>]>([
    ['nobody without a token', () => Promise.resolve(undefined)],
    ['no token of another audience', async () => `Bearer ${await world.token('anna', 'https://other.example')}`],
    [
      'no agent acting for a person',
      async () => `Bearer ${await world.token('anna', world.url, { act: { sub: 'x' } })}`,
    ],
    ['no client that is not listed', async () => `Bearer ${await world.token('anna', world.url, { client_id: 'x' })}`],
  ])('%s', async (_, authorization) => {
    const answer = await world.callWith(await authorization(), 'GET', '/v1/approvals');
    expect(answer).toMatchObject({ status: 401, code: 'token_invalid' });
  });

  it('nobody whom the registry does not know', async () => {
    expect(await world.call('stranger', 'GET', '/v1/approvals')).toMatchObject({ status: 403, code: 'not_eligible' });
  });

  it('who may not see a request learns nothing, by any door', async () => {
    const actionId = await open();
    const nothing = newId();
    for (const id of [actionId, nothing, 'no-id', '%00']) {
      const answers = await Promise.all([
        world.call('nobody', 'GET', `/v1/approvals/${id}`),
        world.call('nobody', 'POST', `/v1/approvals/${id}/withdraw`, { reason: 'x' }),
        world.call('nobody', 'POST', `/v1/reviews/${id}/close`, { verdict: 'fit', reason: 'x' }),
      ]);
      expect(answers.map(({ code }) => code)).toEqual(['not_found', 'not_found', 'not_found']);
    }
  });
});

describe('bad input gets its code and leaves the service alive', () => {
  it.each<[string, object | string, string]>([
    ['no JSON', '{', 'malformed_json'],
    ['a member twice', '{"decision":"approve","decision":"deny"}', 'duplicate_key'],
    ['a lone surrogate', '{"reason":"\\ud800"}', 'not_i_json'],
    ['another shape', { decision: 'maybe' }, 'schema_mismatch'],
    [
      'a member too many',
      { decision: 'deny', reason: '', view_digest: `sha256:${'A'.repeat(43)}`, more: 1 },
      'schema_mismatch',
    ],
    [
      'a cap of nothing',
      { decision: 'deny', reason: '', view_digest: `sha256:${'A'.repeat(43)}`, caps: { ttl_seconds: 0 } },
      'schema_mismatch',
    ],
    ['too much', { decision: 'deny', reason: 'x'.repeat(70_000) }, 'too_large'],
    ['far too much', 'x'.repeat(200_000), 'too_large'],
    ['too deep', '['.repeat(100) + ']'.repeat(100), 'too_deep'],
    ['nothing', '', 'malformed_json'],
  ])('%s', async (_, body, code) => {
    const actionId = await open();
    expect((await world.call('anna', 'POST', `/v1/approvals/${actionId}/votes`, body)).code).toBe(code);
    expect((await vote('anna', actionId)).status).toBe(200);
  });

  it.each(['state=closed', 'mine=perhaps', 'state=open&state=open', 'limit=1', 'each=1', 'like=it'])(
    'a query of %s',
    async (query) => {
      expect((await world.call('anna', 'GET', `/v1/approvals?${query}`)).code).toBe('schema_mismatch');
    },
  );

  it('an empty list is a list', async () => {
    const { body } = await world.call('anna', 'GET', '/v1/reviews');
    expect(reviewsAnswer.parse(body)).toEqual({ reviews: [] });
  });
});

describe('a link that is followed', () => {
  it('decides nothing, whoever follows it and whatever they send there', async () => {
    const actionId = await open();
    const link = `${world.url}/requests/${actionId}`;
    const form = { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'decision=approve&reason=ok' };
    const shown = await fetch(link);
    expect([shown.status, shown.headers.get('content-security-policy')]).toEqual([200, landingHeaders['content-security-policy']]);
    expect(await shown.text()).toBe(landingPage(actionId));
    const tries: [string, RequestInit][] = [
      [link, { method: 'HEAD' }],
      [link, { headers: { 'sec-purpose': 'prefetch;prerender', purpose: 'prefetch' } }],
      [`${link}?decision=approve&confirm=all`, {}],
      [link, form],
      [`${link}/votes`, form],
      [`${world.url}/v1/approvals/${actionId}/votes`, form],
      [`${world.url}/v1/approvals/${actionId}/votes`, { method: 'POST', body: JSON.stringify({ decision: 'approve' }) }],
      [`${world.url}/v1/approvals/${actionId}/votes?access_token=anna`, { method: 'POST' }],
    ];
    const statuses: number[] = [];
    for (const [url, init] of tries) statuses.push((await fetch(url, { redirect: 'manual', ...init })).status);
    expect(statuses).toEqual([200, 200, 200, 404, 404, 401, 401, 401]);
    expect(world.of(actionId)).toEqual(['approval.opened']);
    expect((await world.call('anna', 'GET', `/v1/approvals/${actionId}`)).body).toMatchObject({ progress: { state: 'open', stages: [{ approved: 0 }] } });
    expect((await vote('anna', actionId)).status).toBe(200);
  });

  it('says no more of a request that is there than of one that is not', async () => {
    const [actionId, none] = [await open(), newId()];
    const [there, nowhere] = await Promise.all([actionId, none].map(async (id) => (await fetch(`${world.url}/requests/${id}`)).text()));
    expect(nowhere?.replaceAll(none, actionId)).toBe(there);
    expect((await fetch(`${world.url}/requests/%3Cscript%3E`)).status).toBe(404);
  });
}); // prettier-ignore

describe('silence of others decides nothing', () => {
  it.each<[string, () => void]>([
    ['the registry', () => (world.isRegistryDown = true)],
    ['policy', () => (world.judgement = undefined)],
    ['credentials', () => (world.keysAre = 'unknown')],
  ])('%s', async (_, silence) => {
    const actionId = await open(planOf([stageOf()], { deadline_at: soon() }));
    silence();
    expect(await vote('anna', actionId)).toMatchObject({ status: 503, code: 'dependency_unavailable' });
    everybodyAnswers();
    expect((await vote('anna', actionId)).status).toBe(200);
    expect(world.of(actionId).filter((type) => type === 'approval.voted').length).toBeLessThanOrEqual(1);
  });

  it.each([
    ['withdraw', 'anna'],
    ['stop', 'sam'],
  ])('and keeps nobody from %s, unless the key is known to be over', async (act, by) => {
    const actionId = await open();
    const end = () => world.call(by, 'POST', `/v1/approvals/${actionId}/${act}`, { reason: 'x' });
    world.keysAre = 'ended';
    expect(await end()).toMatchObject({ status: 401, code: 'proof_invalid' });
    world.keysAre = 'unknown';
    expect(await end()).toMatchObject({ status: 200 });
  });
});
