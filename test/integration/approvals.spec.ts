import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  countedVote, ProblemError, signedOutcome, verdict as verdictSchema, type Known, type Plan, type VerdictEvidence,
  type VoteBody,
} from '#contracts'; // prettier-ignore
import { migrate } from '#database';
import { newId } from '#platform';
import { planDigest, satisfies, verifyOutcome, verifyVote, type VerifiedVote } from '#trust';
import { migrations } from '../../apps/approvals/src/approvals.module.js';
import { agentId, agentOf, groupOf, personOf, planOf, stageOf } from '../../apps/approvals/src/core/plan.fixture.js';
import {
  accept,
  judge,
  makeGate,
  plans,
  signEntry,
  soon,
  type Accepted,
} from '../../apps/approvals/src/gate.fixture.js';
import { CastVote } from '../../apps/approvals/src/handlers/cast-vote.js';
import { CloseReview } from '../../apps/approvals/src/handlers/close-review.js';
import { EndAsked } from '../../apps/approvals/src/handlers/end-asked.js';
import { EndByPerson } from '../../apps/approvals/src/handlers/end-by-person.js';
import { EndUnreadable } from '../../apps/approvals/src/handlers/end-unreadable.js';
import { ExpireApprovals } from '../../apps/approvals/src/handlers/expire-approvals.js';
import { ListApprovals } from '../../apps/approvals/src/handlers/list-approvals.js';
import { ListReviews } from '../../apps/approvals/src/handlers/list-reviews.js';
import { OpenApprovals } from '../../apps/approvals/src/handlers/open-approvals.js';
import { OpenReviews } from '../../apps/approvals/src/handlers/open-reviews.js';
import { ShowApproval } from '../../apps/approvals/src/handlers/show-approval.js';
import { SuspendAgents } from '../../apps/approvals/src/handlers/suspend-agents.js';
import { SweepAgain, SweepSuspended } from '../../apps/approvals/src/handlers/sweep-suspended.js';
import { makeService, type SaidRow, type TestService } from '../../apps/approvals/src/service.fixture.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

const gate = makeGate();
const people = ['anna', 'ben', 'cora', 'olga', 'paul', 'sam', 'dina', 'audrey', 'nobody'].map((id) => personOf(id));
const person = (id: string): Known<'people'> => people.find((one) => one.id === id) ?? personOf(id);

let postgres: TestPostgres;
let service: TestService;

beforeAll(async () => {
  postgres = await startPostgres();
  await migrate(postgres.url, [{ service: 'approvals', password: 'spec', migrations }]);
}, 60_000);

beforeEach(async () => {
  service = await makeService(gate, postgres.urlAs('sallyport_approvals', 'spec'));
  for (const one of people) service.registry.put(one);
  service.registry.put(groupOf('dba', ['anna', 'ben', 'cora', 'olga']));
  service.registry.put(groupOf('security', ['sam', 'cora']));
  service.registry.put(groupOf('soc-lead', ['sam', 'dina', 'olga']));
  service.registry.put(groupOf('auditors', ['audrey']));
  service.registry.put(agentOf());
  policySays((accepted) =>
    judge(gate, accepted, { purpose: 'vote', outcome: 'allow', code: 'policy_allowed', plan: undefined }),
  );
});

afterEach(() => service.close());

afterAll(async () => {
  await postgres.remove();
});

const known = new Map<string, Accepted>();

function policySays(answer: (accepted: Accepted) => VerdictEvidence): void {
  service.policy.answer = (evidence) => {
    const accepted = [...known.values()].find(({ request }) => request.acceptance === evidence.acceptance);
    if (accepted === undefined) throw new TypeError('policy was asked about something else');
    return answer(accepted);
  };
}

function ask(more: Parameters<typeof accept>[1] = {}): Accepted {
  const accepted = accept(gate, more);
  known.set(accepted.actionId, accepted);
  return accepted;
}

const dataOf = (accepted: Accepted, evidence: VerdictEvidence) => ({
  action_id: accepted.actionId,
  agent_id: agentId,
  evidence,
});

/** Opens one request with this plan; answers its id. */
async function open(plan: Plan = plans.one(), accepted = ask()): Promise<string> {
  await service.hear(OpenApprovals, dataOf(accepted, judge(gate, accepted, { plan })));
  return accepted.actionId;
}

async function viewDigest(actionId: string, reader = 'audrey'): Promise<string> {
  return (await service.get(ShowApproval).handle(actionId, person(reader))).view_digest;
}

async function vote(actionId: string, by: string, more: Partial<VoteBody> = {}): Promise<string> {
  const body: VoteBody = {
    decision: 'approve',
    reason: 'looked at it',
    view_digest: await viewDigest(actionId),
    confirmed: [],
    ...more,
  };
  return codeOf(
    service
      .get(CastVote)
      .handle({ actionId, caller: person(by), body, traceparent: undefined })
      .then(({ state }) => state),
  );
}

/** What came of it: a state, or the code of the problem or fault. */
async function codeOf(work: Promise<string>): Promise<string> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ProblemError) return [error.problem.code, error.problem.why].filter(Boolean).join('/');
    if (error instanceof Error && 'code' in error) return String(error.code);
    throw error;
  }
}

const saidOf = (actionId: string): SaidRow[] => service.said.filter(({ key }) => key === actionId);
const typesOf = (actionId: string): string[] =>
  saidOf(actionId).map(({ type }) => type.replace(/^sallyport\.|\.v1$/gu, ''));

function lastOutcome(actionId: string): string {
  const signed = signedOutcome.parse(saidOf(actionId).findLast(({ data }) => 'outcome' in data)?.data['outcome']);
  const verified = verifyOutcome(gate.trust, signed, { service: 'approvals', agentId, actionId });
  return verified.ok ? `${verified.value.outcome}/${verified.value.code}` : 'does not verify';
}

async function timersOf(ref: string): Promise<string[]> {
  const rows = await service.database.query<{ kind: string }>('SELECT kind FROM timers WHERE ref = $1 ORDER BY kind', [
    ref,
  ]);
  return rows.map(({ kind }) => kind);
}

describe('opening', () => {
  it('opens what policy wants people for, with a pending outcome and a clock', async () => {
    const id = await open();
    expect(typesOf(id)).toEqual(['approval.opened']);
    expect(lastOutcome(id)).toBe('pending/approval_required');
    expect(await timersOf(id)).toEqual(['expire-approval']);
  });

  it('opens an action once, however often and in whatever company it is heard', async () => {
    const accepted = ask();
    const evidence = judge(gate, accepted);
    await service.hear(OpenApprovals, dataOf(accepted, evidence));
    const other = ask();
    await service.hear(OpenApprovals, dataOf(accepted, evidence), dataOf(other, judge(gate, other)));
    expect(typesOf(accepted.actionId)).toEqual(['approval.opened']);
    expect(typesOf(other.actionId)).toEqual(['approval.opened']);
  });

  it('takes hundreds in one slice', async () => {
    const asked = Array.from({ length: 300 }, () => ask());
    await service.hear(OpenApprovals, ...asked.map((one) => dataOf(one, judge(gate, one))));
    expect(asked.map(({ actionId }) => typesOf(actionId).join())).toEqual(asked.map(() => 'approval.opened'));
  });

  it.each<[string, (one: Accepted, other: Accepted) => VerdictEvidence]>([
    ['a verdict about another action', (one, other) => ({ ...judge(gate, other), request: one.request })],
    ['a verdict that another service signed', (one) => ({ ...judge(gate, one), verdict: one.request.acceptance })],
    ['facts that are not those of the verdict', (one) => ({ ...judge(gate, one), facts: {} })],
    [
      'other bytes than those that were accepted',
      (one, other) => {
        const evidence = judge(gate, one);
        return { ...evidence, request: { ...evidence.request, value: other.request.value.replace('orders', 'users') } };
      },
    ],
    [
      'a signature of the agent that cannot even be shown',
      (one) => ({ ...judge(gate, one), request: { ...one.request, signature: 'AA..AA' } }),
    ],
    ['a verdict of another purpose', (one) => judge(gate, one, { purpose: 'redeem' })],
    [
      'a verdict about a version of the agent that never was',
      (one) => judge(gate, one, { agent: { id: agentId, version: 9 } }),
    ],
  ])('denies, visibly, %s', async (_, evidence) => {
    const [one, other] = [ask(), ask({ context: { justification: 'something else' } })];
    await service.hear(OpenApprovals, dataOf(one, evidence(one, other)));
    expect(lastOutcome(one.actionId)).toBe('denied/engine_error');
    expect(await vote2(one.actionId, 'anna')).toBe('not_found');
  });

  it('says nothing about an action that intake did not accept', async () => {
    const [one, other] = [ask(), ask()];
    await service.hear(OpenApprovals, { ...dataOf(one, judge(gate, one)), action_id: other.actionId });
    expect(typesOf(other.actionId)).toEqual([]);
    expect(service.said.map(({ type }) => type)).toEqual(['sallyport.dlq.v1']);
  });

  it('ends what nobody could decide, after asking the registry itself', async () => {
    const none = await open(planOf([stageOf({ group: 'ghosts' })], { deadline_at: soon() }));
    expect(lastOutcome(none)).toBe('denied/no_eligible_approver');
    service.registry.put(groupOf('ghosts', ['anna']), { copied: false });
    const some = await open(planOf([stageOf({ group: 'ghosts' })], { deadline_at: soon() }));
    expect(lastOutcome(some)).toBe('pending/approval_required');
  });

  it('ends what wants a step-up that nobody can do, and what a suspended agent asks', async () => {
    expect(lastOutcome(await open(plans.one({ step_up: true })))).toBe('denied/policy_unsatisfiable');
    service.registry.put(agentOf({ state: 'suspended' }, 2));
    expect(lastOutcome(await open())).toBe('cancelled/agent_suspended');
  });

  it('waits when the registry is needed and does not answer', async () => {
    service.registry.isDown = true;
    const accepted = ask();
    const hearing = service.hear(
      OpenApprovals,
      dataOf(accepted, judge(gate, accepted, { agent: { id: agentId, version: 7 } })),
    );
    await expect(hearing).rejects.toMatchObject({ code: 'registry_unavailable', retryable: true });
    expect(typesOf(accepted.actionId)).toEqual([]);
  });
});

/** A vote without reading first. */
async function vote2(actionId: string, by: string): Promise<string> {
  const body: VoteBody = { decision: 'approve', reason: '', view_digest: `sha256:${'A'.repeat(43)}`, confirmed: [] };
  const cast = service.get(CastVote).handle({ actionId, caller: person(by), body, traceparent: undefined });
  return codeOf(cast.then(({ state }) => state));
}

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
    const granted = saidOf(id).at(-1)?.data as { evidence: { verdict: string; votes: unknown[] }; granted: object };
    expect(granted.granted).toEqual({ ttl_seconds: 60, uses: 1 });
    const judged = gate.trust.verify(granted.evidence.verdict, {
      purpose: 'verdict',
      service: 'policy',
      schema: verdictSchema,
    });
    const votes = granted.evidence.votes.flatMap((one): VerifiedVote[] => {
      const digest = known.get(id)?.actionDigest ?? '';
      const read = verifyVote(gate.trust, countedVote.parse(one), {
        actionId: id,
        actionDigest: digest,
        planDigest: planDigest(plan),
      });
      return read.ok ? [read.vote] : [];
    });
    expect(judged.ok && votes.length === 3).toBe(true);
    const groups = [groupOf('dba', ['anna', 'ben']), groupOf('security', ['sam'])];
    expect(satisfies(plan, votes, { groups, people })).toEqual({ ok: true, granted: { ttl_seconds: 60, uses: 5 } });
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

describe('silence', () => {
  it('ends as expired, and only when its time is over', async () => {
    const early = await open();
    await service.fire(ExpireApprovals, early);
    expect(typesOf(early)).toEqual(['approval.opened']);
    expect(await timersOf(early)).toEqual(['expire-approval']);
    const late = await open(plans.one({ deadline_at: soon(-1) }));
    expect(await vote(late, 'anna')).toBe('expired');
    await service.fire(ExpireApprovals, late);
    expect(lastOutcome(late)).toBe('expired/approval_expired');
    await service.fire(ExpireApprovals, late);
    expect(typesOf(late)).toEqual(['approval.opened', 'approval.expired']);
  });
});

describe('ending', () => {
  const end = (actionId: string, by: string, act: 'withdraw' | 'stop' = 'withdraw'): Promise<string> =>
    codeOf(
      service
        .get(EndByPerson)
        .handle({ actionId, caller: person(by), act, reason: 'changed my mind', traceparent: undefined })
        .then(({ asked, state }) => (asked ? `${state}, asked` : state)),
    );
  const asked = (actionId: string) =>
    ({ action_id: actionId, agent_id: agentId, code: 'agent_cancelled', by: 'agent' }) as const;

  it('an open request is cancelled; a granted one is asked for again behind the grant', async () => {
    const opened = await open();
    expect(await end(opened, 'ben')).toBe('cancelled');
    expect(lastOutcome(opened)).toBe('cancelled/withdrawn');
    expect(await end(opened, 'ben')).toBe('already_decided');
    const granted = await open();
    await vote(granted, 'anna');
    expect(await end(granted, 'ben')).toBe('granted, asked');
    expect(typesOf(granted).slice(-2)).toEqual(['approval.granted', 'approval.cancel_requested']);
    expect(saidOf(granted).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
  });

  it.each([
    ['nobody', 'not_found'],
    ['paul', 'not_eligible/in_delegation_chain'],
    ['audrey', 'not_eligible/not_in_group'],
  ])('is not for %s', async (by, code) => {
    expect(await end(await open(), by)).toBe(code);
  });

  it('a stop suspends the agent, tried until the registry has done it', async () => {
    const id = await open();
    expect(await end(id, 'dina', 'stop')).toBe('cancelled');
    expect(lastOutcome(id)).toBe('cancelled/stopped');
    expect(await timersOf(id)).toEqual(['suspend-agent']);
    service.registryDoor.answer = 'again';
    await service.database.query('DELETE FROM timers');
    await service.fire(SuspendAgents, id);
    expect(await timersOf(id)).toEqual(['suspend-agent']);
    service.registryDoor.answer = 'done';
    await service.database.query('DELETE FROM timers');
    await service.fire(SuspendAgents, id);
    await service.fire(SuspendAgents, id);
    expect(await timersOf(id)).toEqual([]);
    expect(service.registryDoor.suspended.map((one) => one.agentId)).toEqual([agentId, agentId]);
    expect(service.registryDoor.suspended[0]?.reason).toContain('stopped by dina');
  });

  it('a refused stop owes nothing', async () => {
    const id = await open();
    await vote(id, 'anna', { decision: 'deny' });
    expect(await end(id, 'dina', 'stop')).toBe('already_decided');
    expect(await timersOf(id)).toEqual([]);
  });

  it('an ask that follows the action ends it here, or follows it on', async () => {
    const [opened, granted, unknown] = [await open(), await open(), newId()];
    await vote(granted, 'anna');
    await service.hear(EndAsked, asked(opened), asked(granted), asked(unknown));
    expect(lastOutcome(opened)).toBe('cancelled/agent_cancelled');
    expect(typesOf(granted).at(-1)).toBe('approval.cancel_requested');
    expect(typesOf(unknown)).toEqual([]);
  });

  it('a suspension sweeps what is open, and once more later', async () => {
    const [opened, granted] = [await open(), await open()];
    await vote(granted, 'anna');
    const suspended = agentOf({ state: 'suspended' }, 2);
    service.registry.put(suspended);
    const changed = { kind: 'agents', id: agentId, version: 2, entry: signEntry(gate, suspended) } as const;
    await service.hear(SweepSuspended, changed);
    expect(lastOutcome(opened)).toBe('cancelled/agent_suspended');
    expect(typesOf(granted).at(-1)).toBe('approval.granted');
    expect(await timersOf(agentId)).toEqual(['sweep-agent']);
    service.registry.put(agentOf({}, 3));
    const after = await open();
    await service.fire(SweepAgain, agentId);
    await service.hear(SweepSuspended, changed);
    expect(typesOf(after)).toEqual(['approval.opened']);
    service.registry.put(agentOf({ state: 'suspended' }, 4));
    await service.fire(SweepAgain, agentId);
    expect(lastOutcome(after)).toBe('cancelled/agent_suspended');
  });

  it('an entry that the registry signed in a newer shape is waited for', async () => {
    const newer = agentOf({ state: 'suspended', jwks: { keys: [] } }, 2);
    const changed = { kind: 'agents', id: agentId, version: 2, entry: signEntry(gate, newer) } as const;
    await expect(service.hear(SweepSuspended, changed)).rejects.toMatchObject({ retryable: true });
  });

  it('a forged suspension ends nothing', async () => {
    const id = await open();
    const entry = gate
      .keyring('policy')
      .sign('verdict', { gate: gate.trust.gate, ...agentOf({ state: 'suspended' }, 2), deleted: false });
    await service.hear(SweepSuspended, { kind: 'agents', id: agentId, version: 2, entry });
    expect(typesOf(id)).toEqual(['approval.opened']);
  });

  it('what policy said and nobody can read denies what is open, and nothing else', async () => {
    const [opened, granted] = [await open(), await open()];
    await vote(granted, 'anna');
    const record = {
      topic: 'sallyport.decisions.v1',
      partition: 0,
      offset: '0',
      code: 'schema_mismatch',
      sha256: '',
    } as const;
    const handler = service.get(EndUnreadable);
    await service.database.transaction((tx) =>
      handler.handle(
        [opened, granted, newId(), 'no id'].map((key) => ({ ...record, key })),
        tx,
      ),
    );
    expect(lastOutcome(opened)).toBe('denied/engine_error');
    expect(typesOf(granted).at(-1)).toBe('approval.granted');
  });
});

describe('reading', () => {
  const inbox = async (id: string): Promise<string[]> => {
    const { approvals } = await service.get(ListApprovals).handle(person(id), { state: 'open', mine: true });
    return approvals.map(({ action_id }) => action_id);
  };

  it('lists what a person may decide now, oldest deadline first', async () => {
    await service.database.query('DELETE FROM approval');
    const later = await open(plans.two({ deadline_at: soon(900) }));
    const sooner = await open(plans.two({ deadline_at: soon(600), excluded: [{ person: 'ben', why: 'excluded' }] }));
    const other = await open(planOf([stageOf({ group: 'security' })], { deadline_at: soon(300) }));
    expect(await inbox('anna')).toEqual([sooner, later]);
    expect(await inbox('ben')).toEqual([later]);
    expect(await inbox('cora')).toEqual([other, sooner, later]);
    expect(await inbox('nobody')).toEqual([]);
    await vote(sooner, 'anna');
    expect(await inbox('anna')).toEqual([later]);
    const { approvals } = await service.get(ListApprovals).handle(person('audrey'), { state: 'open', mine: false });
    expect(approvals.map(({ action_id }) => action_id)).toEqual([other, sooner, later]);
  });

  it('shows the limit of a stage only to those who reach it', async () => {
    await service.database.query('DELETE FROM approval');
    const min_limit = { amount_minor: 5_000, currency: 'EUR' };
    service.registry.put(personOf('gus', { limits: [min_limit] }));
    service.registry.put(groupOf('finance', ['gus', 'anna']));
    const id = await open(planOf([stageOf({ group: 'finance', min_limit })], { deadline_at: soon() }));
    const gus = service.registry.copy.get('people', 'gus') ?? person('gus');
    const { approvals } = await service.get(ListApprovals).handle(gus, { state: 'open', mine: true });
    expect(approvals.map(({ action_id }) => action_id)).toEqual([id]);
    expect(await inbox('anna')).toEqual([]);
  });

  it('does not show an undecided person what colleagues thought', async () => {
    const id = await open(plans.two());
    await vote(id, 'anna', { reason: 'surely fine' });
    const read = async (by: string): Promise<string> =>
      JSON.stringify((await service.get(ShowApproval).handle(id, person(by))).progress);
    expect(await read('ben')).not.toContain('surely fine');
    expect(await read('anna')).toContain('surely fine');
    await vote(id, 'ben');
    expect(await read('cora')).toContain('surely fine');
  });
});

describe('reviews', () => {
  const emergency = { rule: 'EMERG-001', group: 'soc-lead', due_seconds: 86_400, incident: 'inc-77' };
  const incident = (version: number, changed_by: string): Known<'incidents'> => ({
    kind: 'incidents',
    id: 'inc-77',
    version,
    changed_by,
    changed_at: '2026-01-01T00:00:00.000Z',
    spec: { severity: 'sev1', playbook: 'p', actions: [], resources: [], ends_at: soon() },
  });

  async function review(): Promise<string> {
    const accepted = ask();
    const evidence = judge(gate, accepted, {
      outcome: 'allow',
      code: 'emergency_rule',
      plan: undefined,
      obligations: { notify: [], review: emergency },
    });
    await service.hear(OpenReviews, dataOf(accepted, evidence));
    await service.hear(OpenReviews, dataOf(accepted, evidence));
    expect(typesOf(accepted.actionId)).toEqual(['review.opened']);
    return String(saidOf(accepted.actionId)[0]?.data['review_id']);
  }

  const close = (reviewId: string, by: string): Promise<string> =>
    codeOf(
      service
        .get(CloseReview)
        .handle({
          reviewId,
          caller: person(by),
          closing: { verdict: 'fit', reason: 'well done' },
          traceparent: undefined,
        })
        .then(({ state }) => state),
    );

  it('one per action that an emergency rule let through; none for other allows', async () => {
    await review();
    const accepted = ask();
    await service.hear(
      OpenReviews,
      dataOf(accepted, judge(gate, accepted, { outcome: 'allow', code: 'policy_allowed', plan: undefined })),
    );
    expect(typesOf(accepted.actionId)).toEqual([]);
  });

  it('none for a verdict that does not hold', async () => {
    const [one, other] = [ask(), ask()];
    const evidence = judge(gate, other, {
      outcome: 'allow',
      plan: undefined,
      obligations: { notify: [], review: emergency },
    });
    await service.hear(OpenReviews, dataOf(one, { ...evidence, request: one.request }));
    expect(typesOf(one.actionId)).toEqual([]);
  });

  it('is closed once, by a person of its group that had no part in it', async () => {
    service.registry.put(incident(1, 'dina'));
    service.registry.put(incident(2, 'sam'));
    service.registry.put(groupOf('soc-lead', ['sam', 'dina', 'olga', 'cora'], 2));
    const id = await review();
    const { reviews } = await service.get(ListReviews).handle(person('cora'), 'open');
    expect(reviews.map(({ review_id }) => review_id)).toContain(id);
    expect(await close(id, 'nobody')).toBe('not_found');
    expect(await close(id, 'dina')).toBe('not_eligible/excluded');
    expect(await close(id, 'sam')).toBe('not_eligible/excluded');
    expect(await close(id, 'olga')).toBe('not_eligible/owner');
    expect(await close(id, 'audrey')).toBe('not_eligible/not_in_group');
    expect(await close(id, 'cora')).toBe('closed');
    expect(await close(id, 'cora')).toBe('already_decided');
    expect(service.said.at(-1)).toMatchObject({ type: 'sallyport.review.closed.v1', sequence: 2 });
  });
});
