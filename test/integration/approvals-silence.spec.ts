import { describe, expect, it } from '@jest/globals';
import { approvalEscalated, type Plan, type Stage } from '#contracts';
import { groupOf, personOf, planOf, stageOf } from '../../apps/approvals/src/core/plan.fixture.js';
import { judge, plans, soon } from '../../apps/approvals/src/gate.fixture.js';
import { EscalateApprovals } from '../../apps/approvals/src/handlers/escalate-approvals.js';
import { ExpireApprovals } from '../../apps/approvals/src/handlers/expire-approvals.js';
import { GoOnAtOnce } from '../../apps/approvals/src/handlers/go-on-at-once.js';
import { Reroute } from '../../apps/approvals/src/handlers/reroute.js';
import {
  gate, isListed, lastOutcome, open, policySays, saidOf, service, timersOf, typesOf, useDesk, vote,
} from './approvals-desk.js'; // prettier-ignore

useDesk();

describe('silence in a stage', () => {
  const escalate = { after_seconds: 60, to: 'soc-lead' };
  /** A stage of `dba` that began so many seconds ago, and goes on to `soc-lead` after a minute. */
  const since = (seconds: number, more: Partial<Stage> = {}): Plan =>
    planOf([stageOf({ escalate, ...more })], { begins_at: soon(-seconds), deadline_at: soon() });

  it('lets the next group in at its second and not before, whatever timers do, and tells it once', async () => {
    const early = await open(since(50));
    expect(await timersOf(early)).toEqual(['escalate-approval', 'expire-approval']);
    await service.fire(EscalateApprovals, early);
    expect([await vote(early, 'dina'), typesOf(early), await isListed(early, 'dina')]).toEqual(['not_eligible/not_in_group', ['approval.opened'], false]);
    expect(await timersOf(early)).toEqual(['escalate-approval', 'expire-approval']);
    const id = await open(since(61, { quorum: 2 }));
    expect(await vote(id, 'dina')).toBe('open');
    await service.fire(EscalateApprovals, id);
    await service.fire(EscalateApprovals, id);
    expect(typesOf(id)).toEqual(['approval.opened', 'approval.voted', 'approval.escalated']);
    const said = approvalEscalated.data.parse(saidOf(id).at(-1)?.data);
    expect(said).toMatchObject({ summary: { groups: ['soc-lead'] }, stages: [{ stage: 1, to: 'soc-lead' }] });
    expect(await Promise.all(['anna', 'sam', 'dina'].map((by) => isListed(id, by)))).toEqual([true, true, false]);
    expect(await vote(id, 'anna')).toBe('granted');
    await service.fire(EscalateApprovals, id);
    expect(saidOf(id).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
  });

  it('opens what its own people cannot decide, if the next group can', async () => {
    expect(lastOutcome(await open(since(0, { group: 'ghosts' })))).toBe('pending/approval_required');
    expect(lastOutcome(await open(since(0, { group: 'ghosts', quorum: 4 })))).toBe('denied/no_eligible_approver');
  });

  it('is not waited out for people who are not there: policy is asked again, and what it signs lets the next group in', async () => {
    const id = await open(since(0, { group: 'ghosts' }));
    expect(await timersOf(id)).toEqual(['escalate-approval', 'expire-approval', 'go-on-at-once']);
    const goesOn = (after_seconds: number) =>
      policySays((asked) => judge(gate, asked, { purpose: 'vote', plan: since(0, { group: 'ghosts', escalate: { ...escalate, after_seconds } }) }));
    await service.fire(GoOnAtOnce, id);
    goesOn(60);
    await service.fire(GoOnAtOnce, id);
    expect([typesOf(id), service.policy.asked, await vote(id, 'dina')]).toEqual([['approval.opened'], 2, 'not_eligible/not_in_group']);
    expect(await timersOf(id)).toContain('go-on-at-once');
    goesOn(0);
    await service.fire(GoOnAtOnce, id);
    await service.fire(EscalateApprovals, id);
    await service.fire(GoOnAtOnce, id);
    expect([typesOf(id), service.policy.asked]).toEqual([['approval.opened', 'approval.replaced', 'approval.escalated'], 3]);
    expect([await isListed(id, 'dina'), await vote(id, 'dina')]).toEqual([true, 'granted']);
  });

  it('is waited out where the registry knows of people, where somebody has voted, and where policy has long heard of it', async () => {
    const [filled, voted, old] = [await open(since(0, { group: 'ghosts' })), await open(since(61, { group: 'ghosts', quorum: 2 })), await open(since(0, { group: 'ghouls' }))];
    policySays((asked) => judge(gate, asked, { purpose: 'vote', plan: plans.two() }));
    service.registry.put(groupOf('ghosts', ['anna']), { copied: false });
    await service.fire(GoOnAtOnce, filled);
    service.registry.put(groupOf('ghosts', [], 2));
    policySays((asked) => judge(gate, asked, { purpose: 'vote', outcome: 'allow', code: 'policy_allowed', plan: undefined }));
    expect(await vote(voted, 'dina')).toBe('open');
    policySays((asked) => judge(gate, asked, { purpose: 'vote', plan: plans.two() }));
    await service.fire(GoOnAtOnce, voted);
    policySays((asked) => judge(gate, asked, { purpose: 'vote', outcome: 'allow', code: 'policy_allowed', plan: undefined }));
    await service.database.query(`DELETE FROM timers WHERE ref = $1 AND kind = 'go-on-at-once'`, [old]);
    await service.database.query(`UPDATE approval SET opened_at = opened_at - interval '31 s' WHERE action_id = $1`, [old]);
    await service.fire(GoOnAtOnce, old);
    for (const id of [filled, voted, old]) expect(typesOf(id)).not.toContain('approval.replaced');
    expect(await timersOf(old)).not.toContain('go-on-at-once');
  });

  it('ends as it begins where nobody is ever told, with the registry asked first; what is open already goes on', async () => {
    const deaf = (id: string, version = 1) => {
      const group = groupOf(id, ['sam', 'anna'], version);
      return { ...group, spec: { ...group.spec, channel: {} } };
    };
    service.registry.put(deaf('legal'));
    // At their own addresses, as long as they have some.
    expect(lastOutcome(await open(planOf([stageOf({ group: 'legal' })], { deadline_at: soon() })))).toBe('pending/approval_required');
    for (const id of ['sam', 'anna']) service.registry.put({ ...personOf(id, { mail: undefined }), version: 2 });
    expect(lastOutcome(await open(planOf([stageOf({ group: 'legal' })], { deadline_at: soon() })))).toBe('denied/no_eligible_approver');
    service.registry.put({ ...personOf('nobody', { mail: undefined }), version: 2 });
    expect(lastOutcome(await open(planOf([stageOf({ from: [{ person: 'nobody' }] })], { deadline_at: soon() })))).toBe('denied/no_eligible_approver');
    const next = await open(since(0, { group: 'legal' }));
    expect([lastOutcome(next), (await timersOf(next)).includes('go-on-at-once')]).toEqual(['pending/approval_required', true]);
    service.registry.put(groupOf('legal', ['sam'], 2), { copied: false });
    const id = await open(planOf([stageOf({ group: 'legal' })], { deadline_at: soon() }));
    service.registry.put(deaf('legal', 3));
    await service.fire(Reroute, 'legal');
    expect([lastOutcome(id), await vote(id, 'sam')]).toEqual(['pending/approval_required', 'granted']);
  });

  it('asks about a few at a time, however many are due, so that no other timer waits for all of them', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, () => open(since(0, { group: 'ghosts' }))));
    await service.database.query(`DELETE FROM timers WHERE ref = ANY ($1)`, [ids]);
    const asked = service.policy.asked;
    await service.fire(GoOnAtOnce, ...ids);
    expect(service.policy.asked - asked).toBeLessThanOrEqual(8);
    const left = await service.database.query<{ due: number }>(
      `SELECT round(extract(epoch FROM due_at - clock_timestamp()))::int AS due FROM timers WHERE kind = 'go-on-at-once' AND ref = ANY ($1)`, [ids]);
    expect(left).toHaveLength(20);
    expect(left.filter(({ due }) => due <= 0)).toHaveLength(12);
  });

  it('ends at once where policy, asked again, says no', async () => {
    const id = await open(since(0, { group: 'ghosts' }));
    policySays((asked) => judge(gate, asked, { purpose: 'vote', outcome: 'deny', code: 'policy_denied', plan: undefined, grant: undefined }));
    await service.fire(GoOnAtOnce, id);
    expect(lastOutcome(id)).toBe('denied/policy_denied');
  });

  it('ends the request when the time of the stage is over; the next stage has its own', async () => {
    const late = await open(planOf([stageOf({ deadline_seconds: 60 })], { begins_at: soon(-61), deadline_at: soon() }));
    expect(await vote(late, 'anna')).toBe('expired');
    await service.fire(ExpireApprovals, late);
    expect(lastOutcome(late)).toBe('expired/approval_expired');
    const stages = [stageOf({ deadline_seconds: 60 }), stageOf({ stage: 2, group: 'security', deadline_seconds: 60 })];
    const id = await open(planOf(stages, { begins_at: soon(-30), deadline_at: soon() }));
    const left = async (): Promise<number> => {
      const [row] = await service.database.query<{ left: number }>(
        `SELECT extract(epoch FROM due_at - now())::float8 AS left FROM timers WHERE ref = $1 AND kind = 'expire-approval'`, [id]);
      return row?.left ?? 0;
    };
    expect(await left()).toBeLessThan(31);
    expect(await vote(id, 'anna')).toBe('open');
    expect(await left()).toBeGreaterThan(40);
    expect(await vote(id, 'sam')).toBe('granted');
  });
}); // prettier-ignore
