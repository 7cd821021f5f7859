import { describe, expect, it } from '@jest/globals';
import {
  approvalGranted,
  approvalVoted,
  verdict as verdictSchema,
  type ApprovalAnswer,
  type VoteBody,
} from '#contracts';
import { newId } from '#platform';
import {
  canonical, digestOfBytes, isGrantedWith, maskedText, planDigest, readGranting, readPassage, satisfies, verifyVote, type Hiding, type VerifiedVote,
} from '#trust'; // prettier-ignore
import { agentOf, groupOf, planOf, stageOf } from '../../apps/approvals/src/core/plan.fixture.js';
import { judge, plans, soon } from '../../apps/approvals/src/gate.fixture.js';
import { whyNotShown } from '../../apps/cli/src/core/verify/shown-view.js';
import { ListApprovals } from '../../apps/approvals/src/handlers/list-approvals.js';
import { LoadCase } from '../../apps/approvals/src/handlers/load-case.js';
import { ShowApproval } from '../../apps/approvals/src/handlers/show-approval.js';
import { ShowEvidence } from '../../apps/approvals/src/handlers/show-evidence.js';
import {
  ask,
  ballots,
  cast,
  confirmed,
  gate,
  known,
  lastOutcome,
  open,
  people,
  person,
  policySays,
  saidOf,
  service,
  signed,
  timersOf,
  typesOf,
  useDesk,
  viewDigest,
  vote,
} from './approvals-desk.js';

useDesk();

describe('voting', () => {
  it('grants with evidence that satisfies the plan for whoever verifies it', async () => {
    const plan = planOf(
      [
        stageOf({ quorum: 2, confirmations: [{ id: 'scope', text: 'scope' }] }),
        stageOf({ stage: 2, group: 'security' }),
      ],
      { deadline_at: soon() },
    );
    const id = await open(plan);
    expect(await vote(id, 'anna', { confirmed: ['scope'], caps: { ttl_seconds: 120 } })).toBe('open');
    expect(await vote(id, 'ben', { confirmed: ['scope'] })).toBe('open');
    expect(await vote(id, 'sam', { caps: { ttl_seconds: 60, uses: 5 } })).toBe('granted');
    expect(typesOf(id)).toEqual([
      'approval.opened',
      'approval.voted',
      'approval.voted',
      'approval.voted',
      'approval.granted',
    ]);
    expect(saidOf(id).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
    expect(saidOf(id)[2]?.data).toMatchObject({ next: { stage: 2, summary: { groups: ['security'] } } });
    const granted = approvalGranted.data.parse(saidOf(id).at(-1)?.data);
    expect(granted.granted).toEqual({ ttl_seconds: 60, uses: 1 });
    const judged = gate.trust.verify(granted.evidence.verdict, {
      purpose: 'verdict',
      service: 'policy',
      schema: verdictSchema,
    });
    const votes = granted.evidence.votes.flatMap((one): VerifiedVote[] => {
      const digest = known.get(id)?.actionDigest ?? '';
      const read = verifyVote(gate.trust, one, {
        actionId: id,
        actionDigest: digest,
        planDigest: planDigest(plan),
      });
      return read.ok ? [read.vote] : [];
    });
    expect(judged.ok && votes.length === 3).toBe(true);
    const groups = [groupOf('dba', ['anna', 'ben']), groupOf('security', ['sam'])];
    expect(satisfies(plan, votes, { groups, people })).toEqual({ ok: true, granted: { ttl_seconds: 60, uses: 5 } });
    const subject = { actionId: id, agentId: granted.agent_id };
    const passage = readPassage(gate.trust, granted.evidence, subject);
    const granting = readGranting(gate.trust, granted.granting, subject);
    expect(granting && passage && isGrantedWith(granting, passage, granted.evidence.votes)).toBe(true);
    expect(await timersOf(id)).toEqual([]);
  });

  it('a no is final at once, and needs no policy', async () => {
    const id = await open(plans.two());
    await vote(id, 'anna');
    const asked = service.policy.asked;
    expect(await vote(id, 'ben', { decision: 'deny', reason: 'not on a Friday' })).toBe('denied');
    expect(service.policy.asked).toBe(asked);
    expect(lastOutcome(id)).toBe('denied/person_denied');
    expect(saidOf(id).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
    expect(await vote(id, 'cora')).toBe('already_decided');
  });

  it('a veto group may stop what it fills no seat of, is told of it, and nobody waits for it', async () => {
    const id = await open(plans.two({ veto: ['security'] }));
    expect(saidOf(id)[0]?.data).toMatchObject({ summary: { groups: ['dba', 'security'] } });
    expect(await vote(id, 'sam')).toBe('not_eligible/not_in_group');
    expect(await vote(id, 'anna')).toBe('open');
    expect(await vote(id, 'sam', { decision: 'deny', reason: 'not during the audit' })).toBe('denied');
    expect(lastOutcome(id)).toBe('denied/person_denied');
    const calm = await open(plans.two({ veto: ['security'] }));
    expect(await vote(calm, 'anna')).toBe('open');
    expect(await vote(calm, 'ben')).toBe('granted');
  });

  it('counts nothing by a key that was ended meanwhile; where nobody can say, a no counts and a yes waits', async () => {
    const id = await open(plans.two());
    service.keysDoor.live = false;
    expect([await vote(id, 'anna'), await vote(id, 'anna', { decision: 'deny' })]).toEqual(['proof_invalid', 'proof_invalid']);
    service.keysDoor.live = undefined;
    expect(await vote(id, 'anna')).toBe('peer_unavailable');
    expect(typesOf(id)).toEqual(['approval.opened']);
    expect(await vote(id, 'anna', { decision: 'deny' })).toBe('denied');
  }); // prettier-ignore

  it('lets nobody fill a second seat with an account that has voted already, whoever had it then', async () => {
    const id = await open(plans.two());
    expect(await vote(id, 'anna')).toBe('open');
    const both = ['anna', 'ben'].flatMap((one) => person(one).spec.identities);
    service.registry.put({ ...person('ben'), version: 2, spec: { ...person('ben').spec, identities: both } });
    expect(await vote(id, 'ben')).toBe('not_eligible/already_voted');
    expect(await vote(id, 'cora')).toBe('granted');
  });

  it('counts a yes that a plan wants confirmed only with this person’s confirmation of exactly it, and a no without', async () => {
    const id = await open(plans.two({ step_up: true }));
    const other = await open(plans.two({ step_up: true }));
    const votes: [string, string | undefined][] = [
      ['nothing', undefined],
      ['a vote', (await signed(id, 'anna')).proof],
      ['of somebody else', await confirmed(id, 'ben')],
      ['of another action', await confirmed(other, 'anna')],
      ['of a no', await confirmed(id, 'anna', { decision: 'deny' })],
      ['of long ago', await confirmed(id, 'anna', { confirmed_at: new Date(Date.now() - 301_000).toISOString() })],
    ];
    for (const [what, webauthn] of votes)
      expect([what, await vote(id, 'anna', { webauthn })]).toEqual([what, 'step_up_required']);
    expect(await vote(id, 'anna', { webauthn: await confirmed(id, 'anna') })).toBe('open');
    expect(await vote(id, 'ben', { webauthn: await confirmed(id, 'ben') })).toBe('granted');
    const granted = approvalGranted.data.parse(saidOf(id).at(-1)?.data);
    expect(granted.evidence.votes.map(({ step_up }) => step_up !== undefined)).toEqual([true, true]);
    expect(await vote(other, 'anna', { decision: 'deny', reason: 'no' })).toBe('denied');
  });

  it.each<[string, string, string]>([
    ['the owner, though a member', 'olga', 'not_eligible/owner'],
    ['a principal', 'paul', 'not_eligible/in_delegation_chain'],
    ['soc-lead, who may see it', 'dina', 'not_eligible/not_in_group'],
    ['who may not know of it', 'nobody', 'not_found'],
  ])('refuses %s', async (_, by, expected) => {
    const id = await open();
    expect(await vote(id, by)).toBe(expected);
    expect(await vote(id, 'anna')).toBe('granted');
  });

  it('counts nobody twice', async () => {
    const id = await open(plans.two());
    expect(await vote(id, 'anna')).toBe('open');
    expect(await vote(id, 'anna')).toBe('not_eligible/already_voted');
  });

  it('reads membership at the vote, not at the opening', async () => {
    const id = await open();
    service.registry.put(groupOf('dba', ['ben'], 2), { copied: false });
    expect(await vote(id, 'anna')).toBe('not_found');
    expect(await vote(id, 'ben')).toBe('granted');
  });

  it('takes every point of the stage, and the view that is shown', async () => {
    const id = await open(
      planOf([stageOf({ confirmations: [{ id: 'scope', text: 'scope' }] })], { deadline_at: soon() }),
    );
    expect(await vote(id, 'anna')).toBe('confirmation_missing');
    expect(await vote(id, 'anna', { confirmed: ['scope'], view_digest: `sha256:${'B'.repeat(43)}` })).toBe(
      'view_changed',
    );
    expect(await vote(id, 'anna', { confirmed: ['scope'] })).toBe('granted');
  });

  it.each<[string, (body: VoteBody, id: string) => VoteBody | Promise<VoteBody>]>([
    ['without a signature', (body) => ({ ...body, proof: undefined })],
    ['without anybody who vouches for the key', (body) => ({ ...body, person_key: undefined })],
    ['signed by somebody else', async (_, id) => signed(id, 'ben')],
    ['that says another thing than was signed', (body) => ({ ...body, reason: 'did not look' })],
    ['that asks for more than was signed', (body) => ({ ...body, caps: { ttl_seconds: 600 } })],
    ['that was signed for another request', async (body) => ({ ...body, proof: (await signed(await open(), 'anna')).proof })],
    ['that was signed as a no', async (body, id) => ({ ...body, proof: (await signed(id, 'anna', { decision: 'deny' })).proof })],
  ])('counts no vote %s', async (_, change) => {
    const id = await open();
    const body = await signed(id, 'anna');
    expect(await cast(id, 'anna', await change(body, id))).toBe('proof_invalid');
    expect(typesOf(id)).toEqual(['approval.opened']);
    expect(await cast(id, 'anna', body)).toBe('granted');
  }); // prettier-ignore

  it.each<[string, () => void, string]>([
    ['the registry', () => (service.registry.isDown = true), 'registry_unavailable'],
    ['policy', () => (service.policy.answer = failing('policy_unavailable')), 'policy_unavailable'],
  ])('counts nothing while %s is silent', async (_, silence, code) => {
    const id = await open();
    const digest = await viewDigest(id);
    silence();
    expect(await vote(id, 'anna', { view_digest: digest })).toBe(code);
    expect(typesOf(id)).toEqual(['approval.opened']);
  });

  it.each<[string, Parameters<typeof judge>[2]]>([
    ['of another purpose', { purpose: 'first', outcome: 'allow', plan: undefined }],
    [
      'about other facts',
      { purpose: 'vote', outcome: 'allow', plan: undefined, facts_digest: `sha256:${'C'.repeat(43)}` },
    ],
    ['about another action', { purpose: 'vote', outcome: 'allow', plan: undefined, action_id: newId() }],
  ])('counts nothing on a judgement %s', async (_, more) => {
    const id = await open();
    policySays((accepted) => judge(gate, accepted, more));
    expect(await vote(id, 'anna')).toBe('policy_unavailable');
    expect(typesOf(id)).toEqual(['approval.opened']);
  });

  it('ends when policy denies by now', async () => {
    const id = await open();
    policySays((accepted) =>
      judge(gate, accepted, {
        purpose: 'vote',
        outcome: 'deny',
        code: 'policy_denied',
        plan: undefined,
        grant: undefined,
        findings: [],
      }),
    );
    expect(await vote(id, 'anna')).toBe('policy_changed');
    expect(lastOutcome(id)).toBe('denied/policy_denied');
    expect(typesOf(id)).toEqual(['approval.opened', 'approval.denied']);
  });

  it('ends for an agent that is suspended by now', async () => {
    const id = await open();
    service.registry.put(agentOf({ state: 'suspended' }, 2), { copied: false });
    expect(await vote(id, 'anna')).toBe('agent_suspended');
    expect(lastOutcome(id)).toBe('cancelled/agent_suspended');
  });

  it('voids votes when the plan is another by now, and asks again under the new one', async () => {
    const id = await open(plans.two());
    await vote(id, 'anna');
    const plan = planOf([stageOf({ group: 'security' })], { deadline_at: soon() });
    policySays((accepted) => judge(gate, accepted, { purpose: 'vote', plan }));
    const before = await viewDigest(id);
    expect(await vote(id, 'ben')).toBe('view_changed');
    expect(typesOf(id)).toEqual(['approval.opened', 'approval.voted', 'approval.replaced']);
    expect(saidOf(id).at(-1)?.data).toMatchObject({ voters: ['anna'], summary: { groups: ['security'] } });
    expect(await vote(id, 'ben')).toBe('not_found');
    expect(await vote(id, 'sam', { view_digest: before })).toBe('view_changed');
    expect(await vote(id, 'sam')).toBe('granted');
    expect(saidOf(id).at(-1)?.data).toMatchObject({ evidence: { votes: [{}] } });
  });

  it('goes on with the same plan judged again: only its times differ', async () => {
    const plan = plans.one();
    const id = await open(plan);
    policySays((accepted) => judge(gate, accepted, { purpose: 'vote', plan: { ...plan, deadline_at: soon(7_200) } }));
    expect(await vote(id, 'anna')).toBe('granted');
  });
});

function failing(code: string): () => never {
  return () => {
    throw Object.assign(new Error(code), { code });
  };
}

describe('secret parts of an action', () => {
  const key = 'sk_live_51Hqp8-0042';
  const names = ['api_key'];
  const asked = () =>
    ask({ action: { name: 'db.schema.migrate', properties: { statement: 'SELECT 1', api_key: key } }, context: { justification: `uses ${key}` } });
  /** First two of `dba`, who are shown that there is a key; then `security`, who are shown it. */
  const openSecret = async (accepted = asked()): Promise<string> => {
    const digestAs = (hiding: Hiding): string => digestOfBytes(maskedText(accepted.value, { names }, hiding));
    const groups = [{ group: 'security', masking: 'shown' as const }, { group: 'auditors', masking: 'digest' as const }];
    const secrets = { names, usual: 'masked' as const, groups, texts: { masked: digestAs('masked'), digest: digestAs('digest') } };
    const stages = [stageOf(), stageOf({ stage: 2, group: 'security' })];
    return open(planOf(stages, { deadline_at: soon(), secrets }), accepted);
  };
  const read = (id: string, by: string): Promise<ApprovalAnswer> => service.get(ShowApproval).handle(id, person(by));
  const castOn = async (id: string, by: string, seen: ApprovalAnswer): Promise<string> => {
    const [identity] = person(by).spec.identities;
    if (identity === undefined) throw new TypeError(`${by} cannot sign in`);
    const said: VoteBody = { decision: 'approve', reason: 'seen', view_digest: seen.view_digest, confirmed: [] };
    return cast(id, by, ballots.sign(identity, seen.decision, said));
  };

  it('are shown to each group as the plan says, and to nobody both shown and hidden', async () => {
    const spec = { properties_schema: {}, risk: 'high' as const, view: 'run with {api_key}' };
    const by = { version: 1, changed_by: 'rita', changed_at: '2026-01-01T00:00:00.000Z' };
    service.registry.put({ kind: 'action-types', id: 'db.schema.migrate', ...by, spec });
    const id = await openSecret();
    const seen = await Promise.all(['anna', 'sam', 'audrey', 'olga'].map((by) => read(id, by)));
    expect(seen.map(({ decision }) => [decision.variant, decision.secrets?.are, JSON.stringify(decision).includes(key)])).toEqual([
      ['masked', 'masked', false], ['full', 'shown', true], ['digest', 'digest', false], ['masked', 'masked', false],
    ]);
    expect(JSON.stringify(await service.get(ListApprovals).handle(person('sam'), { state: 'open', mine: false, alike: { kind: 'together' } }))).not.toContain(key);
    expect(seen[1]?.decision.headline).toContain(key);
    expect(JSON.stringify(saidOf(id))).not.toContain(key);
  });

  it('are voted on as they were shown: each person on the view of the group of their seat', async () => {
    const id = await openSecret();
    const [anna, sam] = [await read(id, 'anna'), await read(id, 'sam')];
    expect(await castOn(id, 'anna', sam)).toBe('view_changed');
    expect(await castOn(id, 'anna', anna)).toBe('open');
    expect(await castOn(id, 'sam', anna)).toBe('view_changed');
    expect(await castOn(id, 'sam', sam)).toBe('granted');
  });

  it('stay hidden in the evidence that a person renders their own view from', async () => {
    const id = await openSecret();
    const { row, view } = await service.get(LoadCase).load(id, person('anna'), 'copy');
    expect(row.request.value).toContain(key);
    expect(view.exact).not.toContain(key);
    const evidence = await service.get(ShowEvidence).handle(id, person('anna'));
    expect([JSON.stringify(evidence).includes(key), evidence.request.value]).toEqual([false, view.exact]);
  });

  it('are hidden beside a list that the view sums up, and that stands whole in the evidence', async () => {
    const rows = Array.from({ length: 900 }, (_, n) => ({ n, note: 'each row' }));
    const spec = { properties_schema: {}, risk: 'high' as const, view: 'run', summaries: { rows: { first: 1, sums: [{ field: 'n' }] } } };
    const by = { version: 2, changed_by: 'rita', changed_at: '2026-01-01T00:00:00.000Z' };
    service.registry.put({ kind: 'action-types', id: 'db.schema.migrate', ...by, spec });
    const id = await openSecret(ask({ action: { name: 'db.schema.migrate', properties: { statement: 'SELECT 1', api_key: key, rows } } }));
    const [anna, sam] = [await read(id, 'anna'), await read(id, 'sam')];
    for (const { decision } of [anna, sam]) expect([decision.action.summaries?.[0]?.rows, decision.exact.includes('each row')]).toEqual([900, false]);
    const values = await Promise.all(['anna', 'sam'].map(async (one) => (await service.get(ShowEvidence).handle(id, person(one))).request.value));
    expect(values.map((value) => [(JSON.parse(value) as { action: { properties: object } }).action.properties, value.includes(key)])).toEqual([
      [{ statement: 'SELECT 1', api_key: expect.stringMatching(/^••••/u), rows }, false], [{ statement: 'SELECT 1', api_key: key, rows }, true],
    ]);
    expect([await castOn(id, 'anna', anna), await castOn(id, 'sam', sam)]).toEqual(['open', 'granted']);
  });
}); // prettier-ignore

describe('what people approved before', () => {
  it('is the last of the same agent, action and resource, in the sight of whoever looks, with the votes that prove it', async () => {
    await service.database.query('DELETE FROM approval');
    const statement = (text: string) => ({ name: 'db.schema.migrate', properties: { statement: text } });
    const before = async (id: string, by: string) => (await service.get(ShowApproval).handle(id, person(by))).before?.action_id;
    const first = await open(plans.one(), ask({ action: statement('ALTER 1') }));
    expect(await before(first, 'anna')).toBeUndefined();
    await vote(first, 'anna');
    const [denied, other] = [await open(), await open(plans.one(), ask({ action: { name: 'db.read', properties: {} } }))];
    await vote(denied, 'anna', { decision: 'deny' });
    await vote(other, 'anna');
    const now = await open(plans.one(), ask({ action: statement('ALTER 2') }));
    expect([await before(now, 'anna'), await before(first, 'anna')]).toEqual([first, undefined]);
    service.registry.put(groupOf('release', ['nobody']));
    const theirs = await open(planOf([stageOf({ group: 'release' })], { deadline_at: soon() }));
    expect(await before(theirs, 'nobody')).toBeUndefined();
    const { votes } = await service.get(ShowEvidence).handle(first, person('anna'));
    expect(votes).toHaveLength(1);
    expect((await service.get(ShowEvidence).handle(now, person('anna'))).votes).toBeUndefined();
  });
}); // prettier-ignore

describe('what a person saw', () => {
  it('is kept to the letter and said once for each view, with the vote that is over it', async () => {
    const id = await open(plans.two());
    const view = canonical((await service.get(ShowApproval).handle(id, person('anna'))).decision);
    await vote(id, 'anna');
    await vote(id, 'ben');
    const voted = saidOf(id).filter(({ type }) => type === approvalVoted.type).map(({ data }) => approvalVoted.data.parse(data));
    expect(voted.map(({ shown }) => shown)).toEqual([view, undefined]);
    const rows = await service.database.query<{ view: string; view_digest: string }>('SELECT view, view_digest FROM shown_view WHERE action_id = $1', [id]);
    expect(rows).toEqual([{ view, view_digest: digestOfBytes(view) }]);
    expect(whyNotShown(voted[0])).toBeUndefined();
    expect(whyNotShown({ ...voted[0], shown: view.replace('orders', 'users') })).toMatch(/another view/u);
  });
}); // prettier-ignore
