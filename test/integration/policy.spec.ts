import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ProblemError, signedOutcome, type Plan, type VerdictEvidence } from '#contracts';
import { newId } from '#platform';
import { digestOf, samePlan, verifyOutcome } from '#trust';
import { CloseReviews } from '../../apps/policy/src/handlers/close-reviews.js';
import { EndUnreadable } from '../../apps/policy/src/handlers/end-unreadable.js';
import { HearDenials } from '../../apps/policy/src/handlers/hear-denials.js';
import { JudgeActions } from '../../apps/policy/src/handlers/judge-actions.js';
import { ShowCaps } from '../../apps/policy/src/handlers/show-caps.js';
import { PassOnAsks } from '../../apps/policy/src/handlers/pass-on-asks.js';
import { anAgent, anIncident, aProfile } from '../../apps/policy/src/registry.fixture.js';
import { accept, aRequest, type Accepted, type RequestChanges } from '../../apps/policy/src/requests.fixture.js';
import { acceptedData, incoming, type PolicyUnderTest } from '../../apps/policy/src/service.fixture.js';
import { eventually } from '../support/eventually.js';
import { PolicyWorld } from './policy-world.js';

let world: PolicyWorld;

const evidenceOf = ({ actionId }: Accepted): VerdictEvidence => {
  const [said] = world.saidOf(actionId);
  return (said?.data as { evidence: VerdictEvidence }).evidence;
};

beforeAll(async () => {
  world = await PolicyWorld.start();
}, 60_000);
beforeEach(() => world.begin());
afterEach(() => world.close());
afterAll(() => world.end());

it('the rules say what they give at most: no finding raises it', async () => {
  const { ttl_seconds, uses } = world.service.get(ShowCaps).handle();
  expect({ ttl_seconds, uses }).toEqual({ ttl_seconds: 900, uses: 1 });
  const asked = world.ask('refund', { access: { ttl_seconds: 3_600, uses: 5 }, properties: { amount_minor: 1 } });
  const [verdict] = await world.judge(asked);
  expect(verdict?.grant?.ttl_seconds).toBeLessThanOrEqual(ttl_seconds);
  expect(verdict?.grant?.uses).toBeLessThanOrEqual(uses);
});

describe('a verdict', () => {
  it('carries the evidence, and is signed for exactly this action', async () => {
    const accepted = world.ask('refund');
    const [verdict] = await world.judge(accepted);
    expect(verdict).toMatchObject({
      gate: world.gate.trust.gate, purpose: 'first', action_id: accepted.actionId, action_digest: accepted.digest,
      agent: { id: 'agent-1', version: 1 }, outcome: 'allow', code: 'policy_allowed',
      grant: { profile: { id: 'refunds', version: 1 }, ttl_seconds: 300, uses: 1, offer_ttl_seconds: 300 },
    }); // prettier-ignore
    expect((verdict?.exp ?? 0) - (verdict?.iat ?? 0)).toBe(300);
    expect(world.saidOf(accepted.actionId)).toMatchObject([
      { type: 'sallyport.policy.allowed.v1', sequence: 1, data: { evidence: { request: accepted.request } } },
    ]);
  });

  it('is said once, whatever comes again', async () => {
    const accepted = world.ask('refund');
    await world.judge(accepted);
    await world.judge(accepted);
    expect(world.saidOf(accepted.actionId)).toHaveLength(1);
  });

  it('of a denied action tells the agent why, in codes', async () => {
    const accepted = world.ask('refund', { properties: { currency: 'XAU' } });
    await world.judge(accepted);
    const signed = signedOutcome.parse(world.saidOf(accepted.actionId)[0]?.data['outcome']);
    const told = verifyOutcome(world.gate.trust, signed, {
      service: 'policy',
      agentId: 'agent-1',
      actionId: accepted.actionId,
    });
    expect(told).toMatchObject({
      ok: true,
      value: { outcome: 'denied', code: 'policy_denied', reasons: ['amount_invalid', 'daily_ceiling_exceeded'] },
    });
  });

  it('is about registered things only', async () => {
    const nowhere = world.ask('refund', { resource: { type: 'payments.ledger', id: 'payments/none' } });
    const otherType = world.ask('refund', { resource: { type: 'workload', id: 'payments/shop' } });
    const nobody = world.ask('refund', { agentId: 'agent-none' });
    world.registry.put(anAgent({}, { id: 'agent-none' }));
    world.registry.put({ kind: 'agents', id: 'agent-none', version: 2, deleted: true });
    const verdicts = await world.judge(nowhere, otherType, nobody);
    expect(verdicts.map(({ code }) => code)).toStrictEqual(['unknown_resource', 'unknown_resource', 'policy_denied']);
    expect(verdicts[2]?.findings).toMatchObject([{ rule: 'SCOPE-003', code: 'agent_unregistered' }]);
  });
});

describe('what intake never accepted', () => {
  it('is nobody’s action: a dead letter, and nothing said about the id', async () => {
    const real = world.ask('refund');
    const other = world.ask('refund', { properties: { amount_minor: 1 } });
    const forged = { ...real, request: { ...real.request, acceptance: other.request.acceptance } };
    await world.service.hear(JudgeActions, acceptedData(forged));
    expect(world.service.said.map(({ type }) => type)).toStrictEqual([expect.stringContaining('dlq')]);
    expect(await world.judge(real)).toMatchObject([{ outcome: 'allow' }]);
  });

  it('ends as denied when the bytes are not the frozen ones', async () => {
    const real = world.ask('refund');
    const changed = { ...real, request: { ...real.request, value: real.request.value.replace('4000', '4001') } };
    await world.service.hear(JudgeActions, acceptedData(changed));
    expect(world.saidOf(real.actionId)).toMatchObject([{ type: 'sallyport.policy.denied.v1' }]);
  });

  it('is denied when the registry has no such version of the agent', async () => {
    const accepted = accept(world.gate, aRequest('refund'), { agentVersion: 9 });
    await world.service.hear(JudgeActions, acceptedData(accepted));
    expect(world.saidOf(accepted.actionId)).toMatchObject([{ type: 'sallyport.policy.denied.v1' }]);
  });

  it('waits when the registry does not answer about a newer version, and is judged by it afterwards', async () => {
    world.registry.change('agents', 'agent-1', { state: 'suspended' }, { copied: false });
    const accepted = accept(world.gate, aRequest('refund'), { agentVersion: 2 });
    world.registry.isDown = true;
    await expect(world.service.hear(JudgeActions, acceptedData(accepted))).rejects.toMatchObject({ retryable: true });
    expect(world.saidOf(accepted.actionId)).toHaveLength(0);
    world.registry.isDown = false;
    expect(await world.judge(accepted)).toMatchObject([
      { outcome: 'deny', findings: expect.arrayContaining([expect.objectContaining({ code: 'agent_suspended' })]) },
    ]);
  });
});

describe('a statement that the gate would run itself', () => {
  const statement = 'SELECT note FROM orders WHERE id = 7 AND note <> $1';
  const said = {
    explained: true as const,
    rows: 1,
    cost: 8.17,
    steps: ['Index Scan using orders_pkey on public.orders, 1 rows'],
  };
  const brokered = { issuer: 'postgres-brokered', target: 'orders-db', target_profile: 'run', max_rows: 5 } as const;
  const ask = (more: RequestChanges = {}) =>
    world.ask('migrate', { properties: { statement }, access: { profile: 'orders-run' }, ...more });

  beforeEach(() => {
    world.registry.put(aProfile('orders-run', ['db.schema.migrate'], ['prod/orders', 'staging/orders'], brokered));
    world.targets.answer = said;
  });

  it('comes before people with what the target would do, as a fact under the signature', async () => {
    const accepted = ask();
    const [verdict] = await world.judge(accepted);
    expect(verdict?.outcome).toBe('require_approval');
    const { facts } = evidenceOf(accepted);
    expect(facts['context.explain']).toMatchObject({ value: said, source: 'target:orders-db' });
    expect(verdict?.facts_digest).toBe(digestOf(facts));
    expect(world.targets.asked).toEqual([{ target: 'orders-db', evidence: accepted.request }]);
  });

  it('is no other plan when the target says something else by the next vote, and nobody looks at a redeem', async () => {
    const accepted = ask();
    const [first] = await world.judge(accepted);
    world.targets.answer = { explained: false, why: 'unavailable' };
    const again = await world.again(accepted, 'vote');
    expect(again.facts_digest).not.toBe(first?.facts_digest);
    expect(samePlan(first?.plan as Plan, again.plan as Plan)).toBe(true);
    await world.again(accepted, 'redeem');
    expect(world.targets.asked).toHaveLength(2);
  });

  it('reaches no target where people are not asked, or where there is no plan of it; that is said', async () => {
    const denied = ask({ access: { profile: 'orders-run', ttl_seconds: 300 }, context: { change: {} } });
    const role = ask({ access: { profile: 'orders-ddl' } });
    const ddl = ask({ properties: { statement: 'ALTER TABLE orders ADD COLUMN note text' } });
    const change = ask({ properties: { statement: 'UPDATE orders SET note = $1 WHERE id = 7' } });
    const verdicts = await world.judge(denied, role, ddl, change);
    const asked = 'require_approval';
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(['deny', asked, asked, asked]);
    expect(world.targets.asked).toEqual([]);
    expect([denied, role].map((one) => evidenceOf(one).facts['context.explain'])).toEqual([undefined, undefined]);
    const none = (why: string) => ({ value: { explained: false, why }, source: 'parser:postgresql' });
    expect(evidenceOf(ddl).facts['context.explain']).toMatchObject(none('no_plan'));
    expect(evidenceOf(change).facts['context.explain']).toMatchObject(none('changes_rows'));
  });
});

describe('judged again', () => {
  it('leaves out the action’s own reservation, and reserves nothing', async () => {
    const agentId = world.anAgentId();
    const all = Array.from({ length: 10 }, () => world.ask('refund', { agentId, properties: { amount_minor: 4_900 } }));
    await world.judge(...all);
    for (const accepted of all)
      expect(await world.again(accepted, 'redeem')).toMatchObject({ outcome: 'allow', purpose: 'redeem' });
    expect(await world.again(all[0] as Accepted, 'redeem')).toMatchObject({ outcome: 'allow' });
    const rows = await world.service.database.query('SELECT 1 FROM reservation WHERE agent_id = $1', [agentId]);
    expect(rows).toHaveLength(10);
  });

  it('sees what the registry says now, not what this process remembers', async () => {
    const agentId = world.anAgentId();
    const accepted = world.ask('refund', { agentId });
    await world.judge(accepted);
    world.registry.change('agents', agentId, { limits: [] }, { copied: false });
    expect(await world.again(accepted, 'redeem')).toMatchObject({ outcome: 'require_approval' });
    world.registry.isDown = true;
    await expect(world.again(accepted, 'redeem')).rejects.toMatchObject({ retryable: true });
  });

  it('keeps the deadline of the first verdict', async () => {
    const accepted = world.ask('migrate');
    const [first] = await world.judge(accepted);
    const second = await world.again(accepted, 'vote');
    expect(second.plan?.deadline_at).toBe(first?.plan?.deadline_at);
    expect(second.purpose).toBe('vote');
  });

  it('refuses what was never accepted or never judged', async () => {
    const never = world.ask('refund');
    await expect(world.again(never, 'redeem')).rejects.toBeInstanceOf(ProblemError);
    const forged = { ...never, request: { ...never.request, value: '{}' } };
    await expect(world.again(forged, 'redeem')).rejects.toBeInstanceOf(ProblemError);
  });
});

describe('an emergency', () => {
  const quarantine = (): Accepted => world.ask('quarantine');

  beforeEach(() => {
    world.registry.put(anIncident());
  });

  it('fires once until a person has closed its review', async () => {
    const first = quarantine();
    expect(await world.judge(first)).toMatchObject([
      {
        outcome: 'allow',
        code: 'emergency_rule',
        grant: { ttl_seconds: 300 },
        obligations: { review: { rule: 'EMERG-001', group: 'soc-lead', incident: 'INC-77' } },
      },
    ]);
    expect(await world.judge(quarantine())).toMatchObject([{ outcome: 'require_approval', code: 'approved' }]);
    await world.service.hear(CloseReviews, world.closed(first));
    expect(await world.judge(quarantine())).toMatchObject([{ code: 'emergency_rule' }]);
  });

  it('does not fire again for a closing that approvals did not sign about exactly this review', async () => {
    const [first, other] = [quarantine(), quarantine()];
    expect(await world.judge(first)).toMatchObject([{ code: 'emergency_rule' }]);
    const genuine = world.closed(first);
    const forged = [
      { ...world.closed(other), action_id: first.actionId },
      { ...genuine, closing: world.closed({ ...first, agentId: 'agent-2' }).closing },
      { ...genuine, review_id: newId() },
      { ...genuine, by: 'somebody' },
    ];
    for (const one of forged) await world.service.hear(CloseReviews, one);
    expect(world.buried()).toStrictEqual(forged.map(() => `evidence_invalid ${first.actionId}`));
    expect(await world.judge(quarantine())).toMatchObject([{ code: 'approved' }]);
    await world.service.hear(CloseReviews, { ...genuine, review_id: newId() }, genuine);
    expect(await world.judge(quarantine())).toMatchObject([{ code: 'emergency_rule' }]);
  });

  it('fires once in a slice, and once over two instances at once', async () => {
    expect((await world.judge(quarantine(), quarantine())).map(({ code }) => code)).toStrictEqual([
      'emergency_rule',
      'approved',
    ]);
    await world.service.database.query('UPDATE review SET closed_at = now() WHERE closed_at IS NULL');
    const other = await world.anInstance();
    const all = Array.from({ length: 8 }, quarantine);
    const at = (i: number): PolicyUnderTest => (i % 2 === 0 ? world.service : other);
    await Promise.all(all.map((accepted, i) => at(i).hear(JudgeActions, acceptedData(accepted))));
    expect(all.filter(({ actionId }, i) => at(i).verdictOf(actionId).code === 'emergency_rule')).toHaveLength(1);
  });

  it('makes another instance wait until the first has decided', async () => {
    const other = await world.anInstance();
    const [first, second] = [quarantine(), quarantine()];
    const { promise: mayCommit, resolve: commit } = Promise.withResolvers<undefined>();
    const decided = Promise.withResolvers<undefined>();
    const slow = world.service.database.transaction(async (tx) => {
      await world.service.get(JudgeActions).handle([incoming(acceptedData(first))], tx);
      decided.resolve(undefined);
      await mayCommit;
    });
    await decided.promise;
    const late = other.hear(JudgeActions, acceptedData(second));
    await eventually(async () => {
      const rows = await world.service.database.query(
        `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%review_lock%'`,
      );
      expect(rows).toHaveLength(1);
    });
    commit(undefined);
    await Promise.all([slow, late]);
    expect([world.service.verdictOf(first.actionId).code, other.verdictOf(second.actionId).code]).toStrictEqual([
      'emergency_rule',
      'approved',
    ]);
  });

  it('does not see its own review when it is judged again', async () => {
    const first = quarantine();
    await world.judge(first);
    expect(await world.again(first, 'redeem')).toMatchObject({ outcome: 'allow', code: 'emergency_rule' });
    world.registry.change('incidents', 'INC-77', { ends_at: '2026-01-01T00:00:00.000Z' }, { copied: false });
    expect(await world.again(first, 'redeem')).toMatchObject({ outcome: 'require_approval' });
  });
});

describe('what a person has refused', () => {
  const refused = (accepted: Accepted, code = 'person_denied', service = 'approvals') => ({
    ...world.told(accepted, 'denied', code, service),
    code,
  });
  const migrate = (agentId: string, more: Parameters<PolicyWorld['ask']>[1] = {}) => world.ask('migrate', { agentId, ...more });
  const anHourLater = () => world.service.database.query(`UPDATE refusal SET refused_at = refused_at - interval '1 hour'`);

  it('is denied at once when the agent asks the same again, says until when, and comes before people after that', async () => {
    const agentId = world.anAgentId();
    const [first, before] = [migrate(agentId), migrate(agentId)];
    expect(await world.judge(first, before)).toMatchObject([{ outcome: 'require_approval' }, { outcome: 'require_approval' }]);
    await world.service.hear(HearDenials, refused(first));
    const again = migrate(agentId, { context: { justification: 'but please', change: { rollback_plan: 'another' } } });
    const [verdict] = await world.judge(again);
    expect(verdict).toMatchObject({ outcome: 'deny', code: 'policy_denied' });
    expect(verdict?.findings).toContainEqual(expect.objectContaining({ rule: 'RATE-002', code: 'refused_before' }));
    const signed = signedOutcome.parse(world.saidOf(again.actionId)[0]?.data['outcome']);
    const told = verifyOutcome(world.gate.trust, signed, { service: 'policy', agentId, actionId: again.actionId });
    const until = told.ok ? Date.parse(told.value.ask_again_at ?? '') / 1_000 - (verdict?.iat ?? 0) : 0;
    expect(told).toMatchObject({ value: { reasons: ['refused_before'] } });
    expect([until > 3_500, until <= 3_600]).toEqual([true, true]);
    // What people look at already is decided by them, one by one.
    expect(await world.again(before, 'vote')).toMatchObject({ outcome: 'require_approval' });
    await anHourLater();
    const late = migrate(agentId);
    expect(await world.judge(late)).toMatchObject([{ outcome: 'require_approval' }]);
    const { facts } = evidenceOf(late);
    expect(facts).toMatchObject({ 'context.refusal': { value: { refused: true }, source: 'counter:policy' } });
  });

  it('is no reason against another agent, or against anything else', async () => {
    const [one, other] = [world.anAgentId(), world.anAgentId()];
    const first = migrate(one);
    await world.judge(first);
    await world.service.hear(HearDenials, refused(first));
    const asked = [
      migrate(other),
      migrate(one, { properties: { statement: 'ALTER TABLE orders ADD COLUMN remark text' } }),
      migrate(one, { access: { ttl_seconds: 60 } }),
    ];
    expect((await world.judge(...asked)).map(({ outcome }) => outcome)).toEqual(asked.map(() => 'require_approval'));
  });

  it('is what a person refused, by the word of approvals: nobody else’s no, and no other end', async () => {
    const agentId = world.anAgentId();
    const [first, elsewhere] = [migrate(agentId), world.ask('migrate')];
    await world.judge(first, elsewhere);
    const forged = [
      refused(first, 'person_denied', 'credentials'),
      { ...refused(elsewhere), action_id: first.actionId },
      { ...refused(first, 'no_eligible_approver'), code: 'person_denied' },
    ];
    for (const one of forged) await world.service.hear(HearDenials, one);
    expect(world.buried()).toEqual(forged.map(() => `evidence_invalid ${first.actionId}`));
    await world.service.hear(HearDenials, refused(first, 'no_eligible_approver'));
    expect(await world.judge(migrate(agentId))).toMatchObject([{ outcome: 'require_approval' }]);
  });
}); // prettier-ignore

describe('an ask to end an action', () => {
  const cancel = ({ actionId, agentId }: Accepted) => ({
    action_id: actionId,
    agent_id: agentId,
    code: 'agent_cancelled' as const,
    by: 'urn:sallyport:agent:agent-1',
  });

  it('is said again behind what policy has passed on', async () => {
    const accepted = world.ask('refund');
    await world.judge(accepted);
    await world.service.hear(PassOnAsks, cancel(accepted));
    await world.service.hear(PassOnAsks, cancel(accepted));
    expect(world.saidOf(accepted.actionId).map(({ type, sequence }) => [type, sequence])).toStrictEqual([
      ['sallyport.policy.allowed.v1', 1],
      ['sallyport.policy.cancel_requested.v1', 2],
      ['sallyport.policy.cancel_requested.v1', 3],
    ]);
  });

  it('is not said about what has ended, or was never judged, or is another agent’s', async () => {
    const denied = world.ask('refund', { properties: { currency: 'XAU' } });
    const passed = world.ask('refund');
    await world.judge(denied, passed);
    await world.service.hear(PassOnAsks, cancel(denied), cancel(world.ask('refund')), {
      ...cancel(passed),
      agent_id: 'agent-2',
    });
    expect(world.service.said.filter(({ type }) => type.includes('cancel'))).toHaveLength(0);
  });
});

describe('a record that nobody can read', () => {
  const unreadable = (key: string, topic = 'sallyport.actions.v1') => ({
    topic,
    partition: 0,
    offset: '1',
    key,
    code: 'schema_mismatch' as const,
    sha256: `sha256:${'A'.repeat(43)}`,
  });
  const endUnreadable = (...records: ReturnType<typeof unreadable>[]): Promise<void> =>
    world.service.database.transaction((tx) => world.service.get(EndUnreadable).handle(records, tx));

  it('ends the action that policy holds, once', async () => {
    const id = newId();
    await endUnreadable(unreadable(id), unreadable(id));
    await endUnreadable(unreadable(id));
    expect(world.saidOf(id).map(({ type }) => type)).toStrictEqual(['sallyport.policy.denied.v1']);
  });

  it('ends nothing that was passed on, nor what is no action', async () => {
    const accepted = world.ask('refund');
    await world.judge(accepted);
    await endUnreadable(
      unreadable(accepted.actionId),
      unreadable('agents:a'),
      unreadable(newId(), 'sallyport.leases.v1'),
    );
    expect(world.service.said).toHaveLength(1);
  });
});
