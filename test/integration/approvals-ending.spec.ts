import { describe, expect, it } from '@jest/globals';
import { approvalQuestioned, reviewClosed, type Known } from '#contracts';
import { newId } from '#platform';
import { isClosingOf } from '#trust';
import { agentId, agentOf, groupOf, personOf, planOf, stageOf } from '../../apps/approvals/src/core/plan.fixture.js';
import { judge, plans, signEntry, soon } from '../../apps/approvals/src/gate.fixture.js';
import { AskAgent } from '../../apps/approvals/src/handlers/ask-agent.js';
import { CloseReview } from '../../apps/approvals/src/handlers/close-review.js';
import { EndAsked } from '../../apps/approvals/src/handlers/end-asked.js';
import { EndByPerson } from '../../apps/approvals/src/handlers/end-by-person.js';
import { FollowRegistry } from '../../apps/approvals/src/handlers/follow-registry.js';
import { EndUnreadable } from '../../apps/approvals/src/handlers/end-unreadable.js';
import { ListReviews } from '../../apps/approvals/src/handlers/list-reviews.js';
import { OpenReviews } from '../../apps/approvals/src/handlers/open-reviews.js';
import { Reroute } from '../../apps/approvals/src/handlers/reroute.js';
import { ShowApproval } from '../../apps/approvals/src/handlers/show-approval.js';
import { SuspendAgents } from '../../apps/approvals/src/handlers/suspend-agents.js';
import { SweepAgain, SweepSuspended } from '../../apps/approvals/src/handlers/sweep-suspended.js';
import {
  ask,
  codeOf,
  dataOf,
  gate,
  lastOutcome,
  open,
  person,
  saidOf,
  service,
  timersOf,
  typesOf,
  useDesk,
  vote,
} from './approvals-desk.js';

useDesk();

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

  it('comes by itself when too few are left, and only then', async () => {
    const [both, half, one] = [await open(plans.two()), await open(plans.two()), await open()];
    await vote(half, 'anna');
    const changes = async (kind: 'groups' | 'people', id: string, version = 2): Promise<void> => {
      await service.hear(FollowRegistry, { kind, id, version, entry: 'a.b.c' });
    };
    await changes('groups', 'dba', 1);
    expect(await timersOf('dba')).toEqual([]);
    service.registry.put(groupOf('dba', ['ben'], 2));
    await changes('groups', 'dba');
    expect(await timersOf('dba')).toEqual(['reroute-group', 'reroute-group-again']);
    service.registry.isDown = true;
    await service.fire(Reroute, 'dba');
    expect(typesOf(both)).toEqual(['approval.opened']);
    service.registry.isDown = false;
    await service.fire(Reroute, 'dba');
    expect(lastOutcome(both)).toBe('denied/no_eligible_approver');
    expect([typesOf(half).at(-1), typesOf(one).at(-1)]).toEqual(['approval.voted', 'approval.opened']);
    await service.database.query('DELETE FROM timers');
    service.registry.put({ ...personOf('ben', { state: 'inactive' }), version: 2 });
    await changes('people', 'ben');
    expect(await timersOf('ben')).toEqual(['end-seats', 'end-seats-again']);
    expect(await timersOf('dba')).toEqual(['reroute-group', 'reroute-group-again']);
    await service.fire(Reroute, 'dba');
    expect([lastOutcome(half), lastOutcome(one)]).toEqual(Array(2).fill('denied/no_eligible_approver'));
  });

  it('does not come where the registry itself still knows enough people', async () => {
    const id = await open(plans.two());
    service.registry.put(groupOf('dba', ['anna'], 2));
    service.registry.put(groupOf('dba', ['anna', 'ben'], 3), { copied: false });
    await service.fire(Reroute, 'dba');
    expect(typesOf(id)).toEqual(['approval.opened']);
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
    const { closing, ...said } = reviewClosed.data.parse(service.said.at(-1)?.data);
    expect(said).toMatchObject({ review_id: id, rule: 'EMERG-001', by: 'cora', verdict: 'fit', reason: 'well done' });
    expect(isClosingOf(gate.trust, closing, said)).toBe(true);
  });
});

describe('a question to the agent', () => {
  const question = (actionId: string, by: string, text = 'Which orders?'): Promise<string> =>
    codeOf(
      service
        .get(AskAgent)
        .handle({ actionId, caller: person(by), text, traceparent: undefined })
        .then(() => 'asked'),
    );
  const show = (actionId: string, by: string) => service.get(ShowApproval).handle(actionId, person(by));

  it('is told with a code, waits as before, and is no secret among those who decide', async () => {
    const id = await open(plans.two());
    const before = await show(id, 'ben');
    expect(await question(id, 'anna')).toBe('asked');
    expect(lastOutcome(id)).toBe('pending/question_asked');
    const said = approvalQuestioned.data.parse(saidOf(id).at(-1)?.data);
    expect(said).toMatchObject({ by: 'anna', text: 'Which orders?' });
    expect(said.outcome.value).not.toContain('orders?');
    const { progress, view_digest } = await show(id, 'ben');
    expect([progress.deadline_at, view_digest]).toEqual([before.progress.deadline_at, before.view_digest]);
    expect(progress.history.at(-1)).toMatchObject({ what: 'questioned', by: 'anna', reason: 'Which orders?' });
    expect([await vote(id, 'anna'), await vote(id, 'ben')]).toEqual(['open', 'granted']);
    expect(saidOf(id).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
  });

  it.each<[string, string, string?]>([
    ['nobody', 'not_found'],
    ['olga', 'not_eligible/owner'],
    ['audrey', 'not_eligible/not_in_group'],
    ['anna', 'text_not_allowed', 'a\u0007b'],
  ])('is not for %s: %s', async (...[by, code, text]) => {
    const id = await open();
    expect(await question(id, by, text)).toBe(code);
    expect(typesOf(id)).toEqual(['approval.opened']);
  });

  it('is not asked about what is decided', async () => {
    const id = await open();
    await vote(id, 'anna');
    expect(await question(id, 'ben')).toBe('already_decided');
  });

  it('is answered by a request of the same agent that names it, which shows it and has no vote of the old one', async () => {
    const old = await open();
    await question(old, 'anna', 'First?');
    await question(old, 'ben');
    const answer = await open(plans.one(), ask({ context: { supersedes: old } }));
    const other = await open(plans.one(), ask({ context: { supersedes: newId() } }));
    expect((await show(answer, 'anna')).answers).toMatchObject({ action_id: old, by: 'ben', text: 'Which orders?' });
    expect((await show(other, 'anna')).answers).toBeUndefined();
    await service.hear(EndAsked, { action_id: old, agent_id: agentId, code: 'superseded', by: 'agent' });
    expect(lastOutcome(old)).toBe('cancelled/superseded');
    expect((await show(answer, 'audrey')).progress.stages).toMatchObject([{ approved: 0 }]);
    service.registry.put(groupOf('release', ['nobody']));
    const theirs = ask({ context: { supersedes: old } });
    await open(planOf([stageOf({ group: 'release' })], { deadline_at: soon() }), theirs);
    // Whoever may not see the old request is not shown what was said about it.
    expect((await show(theirs.actionId, 'nobody')).answers).toBeUndefined();
    await service.database.query(`UPDATE approval SET agent_id = 'another' WHERE action_id = $1`, [old]);
    expect((await show(answer, 'anna')).answers).toBeUndefined();
  }); // prettier-ignore
});
