import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  approvalGranted, approvalVoted, type ApprovalsAnswer, type Plan, type VerdictEvidence,
} from '#contracts'; // prettier-ignore
import { peek } from '#trust';
import { agentId, agentOf, groupOf, personOf, planOf, stageOf } from '../../apps/approvals/src/core/plan.fixture.js';
import { judge, plans, soon, type Accepted } from '../../apps/approvals/src/gate.fixture.js';
import { ExpireApprovals } from '../../apps/approvals/src/handlers/expire-approvals.js';
import { LookAtRouting } from '../../apps/approvals/src/handlers/look-at-routing.js';
import { ListApprovals, type ListInput } from '../../apps/approvals/src/handlers/list-approvals.js';
import { OpenApprovals } from '../../apps/approvals/src/handlers/open-approvals.js';
import { ShowApproval } from '../../apps/approvals/src/handlers/show-approval.js';
import {
  ask,
  cast,
  codeOf,
  dataOf,
  gate,
  isListed,
  lastOutcome,
  open,
  person,
  saidOf,
  service,
  signed,
  timersOf,
  typesOf,
  useDesk,
  vote,
  voteUnseen,
} from './approvals-desk.js';

useDesk();

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
    [
      'a verdict about a version of the agent that never was',
      (one) => judge(gate, one, { agent: { id: agentId, version: 9 } }),
    ],
  ])('denies, visibly, %s', async (_, evidence) => {
    const [one, other] = [ask(), ask({ context: { justification: 'something else' } })];
    await service.hear(OpenApprovals, dataOf(one, evidence(one, other)));
    expect(lastOutcome(one.actionId)).toBe('denied/engine_error');
    expect(await voteUnseen(one.actionId, 'anna')).toBe('not_found');
  });

  it.each<[string, (one: Accepted, other: Accepted) => VerdictEvidence]>([
    ['a verdict about another action', (one, other) => ({ ...judge(gate, other), request: one.request })],
    ['a verdict that another service signed', (one) => ({ ...judge(gate, one), verdict: one.request.acceptance })],
    ['a verdict of another purpose', (one) => judge(gate, one, { purpose: 'redeem' })],
    ['a verdict that allows', (one) => judge(gate, one, { outcome: 'allow', plan: undefined })],
  ])('says nothing, since another service may hold the action, about %s', async (_, evidence) => {
    const [one, other] = [ask(), ask({ context: { justification: 'something else' } })];
    await service.hear(OpenApprovals, dataOf(one, evidence(one, other)));
    expect(service.said.map(({ type }) => type)).toEqual(['sallyport.dlq.v1']);
    expect(await voteUnseen(one.actionId, 'anna')).toBe('not_found');
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

  it('opens what wants a step-up, and ends what a suspended agent asks', async () => {
    expect(lastOutcome(await open(plans.one({ step_up: true })))).toBe('pending/approval_required');
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

describe('what one agent, task or owner has before people', () => {
  const openWith = async (asked: Accepted[]): Promise<string[]> => {
    await service.hear(OpenApprovals, ...asked.map((one) => dataOf(one, judge(gate, one))));
    return asked.map(({ actionId }) => lastOutcome(actionId));
  };
  const three = (more: Parameters<typeof ask>[0] = {}): Accepted[] => [ask(more), ask(more), ask(more)];
  const [waits, tooMany] = ['pending/approval_required', 'denied/pending_limit'];

  beforeEach(() => service.database.query('DELETE FROM approval'));

  it('is never more than the agent may: the rest is told so at once, and nobody sees it', async () => {
    service.registry.put(agentOf({ most_waiting: { in_all: 2 } }, 2));
    const asked = three();
    expect(await openWith(asked)).toEqual([waits, waits, tooMany]);
    expect(typesOf(asked[2]?.actionId ?? '')).toEqual(['approval.denied']);
    expect(await voteUnseen(asked[2]?.actionId ?? '', 'anna')).not.toBe('granted');
    await vote(asked[0]?.actionId ?? '', 'anna');
    expect(await openWith([ask(), ask()])).toEqual([waits, tooMany]);
  });

  it('is never more than a task may, whatever else the agent has', async () => {
    service.registry.put(agentOf({ most_waiting: { per_task: 1, in_all: 10 } }, 2));
    expect(await openWith(three({ context: { task_id: 't-1' } }))).toEqual([waits, tooMany, tooMany]);
    expect(await openWith([ask({ context: { task_id: 't-2' } }), ask()])).toEqual([waits, waits]);
  });

  it('is never more than the owner may have of all their agents', async () => {
    service.registry.put({ ...personOf('olga', { most_waiting: 2 }), version: 2 });
    await service.database.query(
      `INSERT INTO approval (action_id, agent_id, action_digest, state, version, plan_no, stage, people_groups, excluded, headline, owner, deadline_at)
       VALUES (gen_random_uuid(), 'another-1', 'd', 'open', 1, 1, 1, '{dba}', '{}', 'h', 'olga', now() + interval '1 hour')`,
    );
    expect(await openWith(three())).toEqual([waits, tooMany, tooMany]);
  });

  it('is counted once over all processes that open at the same time', async () => {
    service.registry.put(agentOf({ most_waiting: { in_all: 5 } }, 2));
    const asked = Array.from({ length: 20 }, () => ask());
    const told = await Promise.all(asked.map((one) => openWith([one])));
    expect(told.flat().filter((one) => one === waits)).toHaveLength(5);
  });

  it('is not used up by hearing of one twice', async () => {
    service.registry.put(agentOf({ most_waiting: { in_all: 2 } }, 2));
    const first = ask();
    await openWith([first]);
    expect(await openWith([first, ask()])).toEqual([waits, waits]);
  });
});

describe('reading', () => {
  const inbox = async (id: string): Promise<string[]> => {
    const { approvals } = await list(id, { mine: true });
    return approvals.map(({ action_id }) => action_id);
  };
  const each = { kind: 'each', like: undefined } as const;
  const list = (id: string, more: Partial<ListInput> = {}): Promise<ApprovalsAnswer> =>
    service.get(ListApprovals).handle(person(id), { state: 'open', mine: false, alike: each, ...more });

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
    const { approvals } = await list('audrey');
    expect(approvals.map(({ action_id }) => action_id)).toEqual([other, sooner, later]);
  });

  it('lists requests of one shape by one agent on one line with their number, and each on its own when asked', async () => {
    await service.database.query('DELETE FROM approval');
    const due = (seconds: number) => plans.two({ deadline_at: soon(seconds) });
    const later = await open(due(900), ask({ context: { justification: 'again' } }));
    const first = await open(due(600), ask({ context: { justification: 'please' } }));
    const last = await open(due(960));
    const other = await open(due(700), ask({ action: { name: 'db.schema.migrate', properties: { statement: 'DROP TABLE x' } } }));
    const together = { kind: 'together' } as const;
    const lines = async (by: string, more: Partial<ListInput>): Promise<[string, number][]> =>
      (await list(by, { alike: together, ...more })).approvals.map(({ action_id, count }) => [action_id, count]);
    expect(await lines('anna', { mine: true })).toEqual([[first, 3], [other, 1]]);
    expect(await lines('audrey', {})).toEqual([[first, 3], [other, 1]]);
    expect(await lines('anna', { mine: true, alike: { kind: 'each', like: last } })).toEqual([[first, 1], [later, 1], [last, 1]]);
    expect(await inbox('anna')).toEqual([first, other, later, last]);
    // One click for all does not exist: a vote decides the one that it names.
    await vote(first, 'anna');
    expect(await lines('anna', { mine: true })).toEqual([[other, 1], [later, 2]]);
    await vote(later, 'anna', { decision: 'deny' });
    expect(await lines('anna', { mine: true })).toEqual([[other, 1], [last, 1]]);
  }); // prettier-ignore

  it('shows the limit of a stage only to those who reach it', async () => {
    await service.database.query('DELETE FROM approval');
    const min_limit = { amount_minor: 5_000, currency: 'EUR' };
    service.registry.put(personOf('gus', { limits: [min_limit] }));
    service.registry.put(groupOf('finance', ['gus', 'anna']));
    const id = await open(planOf([stageOf({ group: 'finance', min_limit })], { deadline_at: soon() }));
    const gus = service.registry.copy.get('people', 'gus') ?? person('gus');
    const { approvals } = await service.get(ListApprovals).handle(gus, { state: 'open', mine: true, alike: each });
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

describe('a plan that asks several at once', () => {
  const dba = stageOf();
  const both = (more: Partial<Plan> = {}): Plan =>
    planOf([dba, stageOf({ stage: 2, group: 'security' })], { parallel: true, deadline_at: soon(), ...more });

  it('waits in the lists of all of them, takes each seat once, and is granted when all are taken', async () => {
    const id = await open(both());
    expect(saidOf(id)[0]?.data).toMatchObject({ summary: { groups: ['dba', 'security'] }, stage: 1 });
    expect(await Promise.all(['anna', 'sam', 'dina'].map((by) => isListed(id, by)))).toEqual([true, true, false]);
    expect(await vote(id, 'sam')).toBe('schema_mismatch');
    expect(await vote(id, 'sam', { stage: 1 })).toBe('not_eligible/not_in_group');
    const moved = { ...(await signed(id, 'cora', { stage: 1 })), stage: 2 };
    expect(await cast(id, 'cora', moved)).toBe('proof_invalid');
    expect(await vote(id, 'sam', { stage: 2 })).toBe('open');
    expect(await isListed(id, 'anna')).toBe(true);
    expect(await vote(id, 'cora', { stage: 2 })).toBe('not_eligible/seat_taken');
    expect(await vote(id, 'cora', { stage: 1 })).toBe('granted');
    const seats = saidOf(id).filter(({ type }) => type === approvalVoted.type).map(({ data }) => data['stage']);
    expect([seats, saidOf(id).map(({ sequence }) => sequence)]).toEqual([[2, 1], [1, 2, 3, 4]]);
  });

  it('leaves the lists of a stage that is complete, whose people may still say no', async () => {
    const id = await open(both({ stages: [dba, stageOf({ stage: 2, group: 'security', quorum: 2 })] }));
    expect(await vote(id, 'anna', { stage: 1 })).toBe('open');
    expect(await Promise.all(['ben', 'sam', 'cora'].map((by) => isListed(id, by)))).toEqual([false, true, true]);
    const { progress } = await service.get(ShowApproval).handle(id, person('cora'));
    expect(progress).toMatchObject({ yours: 2, stage: 2, stages: [{ approved: 1 }, { approved: 0, open: true }] });
    expect(await vote(id, 'ben', { decision: 'deny' })).toBe('denied');
  });

  it('asks a person by name: in their list, to see, to decide, counted without a group', async () => {
    const from = [{ group: 'security', owner_of: 'prod/orders' }, { person: 'nobody', manager_of: 'paul' }];
    const id = await open(planOf([stageOf({ from, quorum: 2 })], { deadline_at: soon() }));
    expect(await Promise.all(['nobody', 'sam', 'anna'].map((by) => isListed(id, by)))).toEqual([true, true, false]);
    expect(await isListed(id, 'nobody', false)).toBe(true);
    expect(await vote(id, 'nobody')).toBe('open');
    expect(await vote(id, 'sam')).toBe('granted');
    const { evidence } = approvalGranted.data.parse(saidOf(id).at(-1)?.data);
    const seats = evidence.votes.map(({ counting }) => peek(counting));
    expect(seats).toMatchObject([{ person: 'nobody', seat: { stage: 1 } }, { person: 'sam', seat: { group: { id: 'security' } } }]);
    expect(seats[0]).not.toHaveProperty('seat.group');
    const lost = await open(planOf([stageOf({ from: [{ person: 'nemo' }] })], { deadline_at: soon() }));
    expect(lastOutcome(lost)).toBe('denied/no_eligible_approver');
  });
}); // prettier-ignore

describe('whether requests could be decided at all', () => {
  const look = (by: string): Promise<string> =>
    codeOf(
      service
        .get(LookAtRouting)
        .handle(person(by))
        .then(({ problems }) => problems.map(({ group, kind }) => `${kind} ${group}`).join()),
    );

  it('is looked at before there are any, by those who can mend it, as an opening would find it', async () => {
    const need = { where: 'db.group', group: 'dba', quorum: 4 };
    service.policy.wanted = [need, { ...need, where: 'legal.group', group: 'legal' }];
    expect([await look('anna'), await look('paul')]).toEqual(['not_found', 'not_found']);
    expect(await look('audrey')).toBe('agent_leaves_too_few dba,group_missing legal');
    const asked = asOlgas(4);
    await service.hear(OpenApprovals, dataOf(...asked));
    expect(lastOutcome(asked[0].actionId)).toBe('denied/no_eligible_approver');
    service.registry.put(groupOf('registrars', ['paul']));
    service.registry.put(groupOf('dba', ['anna'], 2));
    expect(await look('paul')).toBe('too_few_people dba,group_missing legal');
  });

  /** As policy excludes the owner of the agent. */
  function asOlgas(quorum: number): Parameters<typeof dataOf> {
    const accepted = ask();
    const excluded = [{ person: 'olga', why: 'owner' as const }];
    return [
      accepted,
      judge(gate, accepted, { plan: planOf([stageOf({ quorum })], { deadline_at: soon(), excluded }) }),
    ];
  }
});
