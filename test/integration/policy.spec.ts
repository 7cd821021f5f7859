import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ProblemError, signedOutcome, verdict as verdictSchema, type Verdict } from '#contracts';
import { migrate } from '#database';
import { newId } from '#platform';
import { verifyOutcome } from '#trust';
import { CloseReviews } from '../../apps/policy/src/handlers/close-reviews.js';
import { EndUnreadable } from '../../apps/policy/src/handlers/end-unreadable.js';
import { FreeReservations } from '../../apps/policy/src/handlers/free-reservations.js';
import { JudgeActions } from '../../apps/policy/src/handlers/judge-actions.js';
import { JudgeAgain } from '../../apps/policy/src/handlers/judge-again.js';
import { PassOnAsks } from '../../apps/policy/src/handlers/pass-on-asks.js';
import { SpendReservations } from '../../apps/policy/src/handlers/spend-reservations.js';
import { migrations } from '../../apps/policy/src/policy.module.js';
import { anAgent, anIncident, FakeRegistry } from '../../apps/policy/src/registry.fixture.js';
import {
  accept,
  aRequest,
  makeGate,
  type Accepted,
  type RequestChanges,
  type Story,
} from '../../apps/policy/src/requests.fixture.js';
import {
  acceptedData,
  incoming,
  makePolicy,
  type SaidRow,
  type PolicyUnderTest,
} from '../../apps/policy/src/service.fixture.js';
import { compileBundle } from '../../tools/policies/compile.js';
import { findOpa } from '../../tools/policies/opa.js';
import { eventually } from '../support/eventually.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { scratchFolder } from '../support/scratch.js';

const gate = makeGate();
const scratch = scratchFolder('policy');
const bundle = join(scratch.dir, 'bundle.tar.gz');

let postgres: TestPostgres;
let registry: FakeRegistry;
let service: PolicyUnderTest;
const open: PolicyUnderTest[] = [];

async function anInstance(): Promise<PolicyUnderTest> {
  const made = await makePolicy({ gate, registry, url: postgres.urlAs('sallyport_policy', 'spec'), bundle });
  open.push(made);
  return made;
}

beforeAll(async () => {
  postgres = await startPostgres();
  await migrate(postgres.url, [{ service: 'policy', password: 'spec', migrations }]);
  await compileBundle(await findOpa(), bundle);
}, 60_000);

beforeEach(async () => {
  registry = new FakeRegistry();
  service = await anInstance();
  await service.database.query('UPDATE review SET closed_at = now() WHERE closed_at IS NULL');
});

afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

afterAll(async () => {
  await postgres.remove();
  scratch.remove();
});

/** An agent of its own for each case that counts money. */
function anAgentId(): string {
  const id = `agent-${newId()}`;
  registry.put(anAgent({}, { id }));
  return id;
}

const ask = (story: Story, changes: RequestChanges = {}): Accepted => accept(gate, aRequest(story, changes));

async function judge(...accepted: Accepted[]): Promise<Verdict[]> {
  await service.hear(JudgeActions, ...accepted.map(acceptedData));
  return accepted.map(({ actionId }) => service.verdictOf(actionId));
}

const outcomes = (verdicts: readonly Verdict[], outcome: Verdict['outcome']): number =>
  verdicts.filter((v) => v.outcome === outcome).length;

async function again(accepted: Accepted, purpose: 'vote' | 'redeem'): Promise<Verdict> {
  const answer = await service.get(JudgeAgain).handle({ purpose, evidence: accepted.request });
  const read = gate.trust.verify(answer.verdict, { purpose: 'verdict', service: 'policy', schema: verdictSchema });
  if (!read.ok) throw new TypeError('the verdict does not verify');
  return read.payload;
}

const saidOf = (actionId: string): SaidRow[] => service.said.filter(({ key }) => key === actionId);
const ended = ({ actionId, agentId }: Accepted, code = 'c') => ({
  action_id: actionId,
  agent_id: agentId,
  code,
  outcome: { ce: { id: '', source: '', type: '' }, value: '', signature: '' },
});
const released = (accepted: Accepted) => ({ ...ended(accepted), lease_id: newId(), expires_at: '' });

describe('a verdict', () => {
  it('carries the evidence, and is signed for exactly this action', async () => {
    const accepted = ask('refund');
    const [verdict] = await judge(accepted);
    expect(verdict).toMatchObject({
      gate: gate.trust.gate, purpose: 'first', action_id: accepted.actionId, action_digest: accepted.digest,
      agent: { id: 'agent-1', version: 1 }, outcome: 'allow', code: 'policy_allowed',
      grant: { profile: { id: 'refunds', version: 1 }, ttl_seconds: 300, uses: 1, offer_ttl_seconds: 300 },
    }); // prettier-ignore
    expect((verdict?.exp ?? 0) - (verdict?.iat ?? 0)).toBe(300);
    expect(saidOf(accepted.actionId)).toMatchObject([
      { type: 'sallyport.policy.allowed.v1', sequence: 1, data: { evidence: { request: accepted.request } } },
    ]);
  });

  it('is said once, whatever comes again', async () => {
    const accepted = ask('refund');
    await judge(accepted);
    await judge(accepted);
    expect(saidOf(accepted.actionId)).toHaveLength(1);
  });

  it('of a denied action tells the agent why, in codes', async () => {
    const accepted = ask('refund', { properties: { currency: 'XAU' } });
    await judge(accepted);
    const signed = signedOutcome.parse(saidOf(accepted.actionId)[0]?.data['outcome']);
    const told = verifyOutcome(gate.trust, signed, {
      service: 'policy',
      agentId: 'agent-1',
      actionId: accepted.actionId,
    });
    expect(told).toMatchObject({
      ok: true,
      value: { outcome: 'denied', code: 'policy_denied', reasons: ['amount_invalid'] },
    });
  });

  it('is about registered things only', async () => {
    const nowhere = ask('refund', { resource: { type: 'payments.ledger', id: 'payments/none' } });
    const otherType = ask('refund', { resource: { type: 'workload', id: 'payments/shop' } });
    const nobody = ask('refund', { agentId: 'agent-none' });
    registry.put(anAgent({}, { id: 'agent-none' }));
    registry.put({ kind: 'agents', id: 'agent-none', version: 2, deleted: true });
    const verdicts = await judge(nowhere, otherType, nobody);
    expect(verdicts.map(({ code }) => code)).toStrictEqual(['unknown_resource', 'unknown_resource', 'policy_denied']);
    expect(verdicts[2]?.findings).toMatchObject([{ rule: 'SCOPE-003', code: 'agent_unregistered' }]);
  });
});

describe('what intake never accepted', () => {
  it('is nobody’s action: a dead letter, and nothing said about the id', async () => {
    const real = ask('refund');
    const other = ask('refund', { properties: { amount_minor: 1 } });
    const forged = { ...real, request: { ...real.request, acceptance: other.request.acceptance } };
    await service.hear(JudgeActions, acceptedData(forged));
    expect(service.said.map(({ type }) => type)).toStrictEqual([expect.stringContaining('dlq')]);
    expect(await judge(real)).toMatchObject([{ outcome: 'allow' }]);
  });

  it('ends as denied when the bytes are not the frozen ones', async () => {
    const real = ask('refund');
    const changed = { ...real, request: { ...real.request, value: real.request.value.replace('4000', '4001') } };
    await service.hear(JudgeActions, acceptedData(changed));
    expect(saidOf(real.actionId)).toMatchObject([{ type: 'sallyport.policy.denied.v1' }]);
  });

  it('is denied when the registry has no such version of the agent', async () => {
    const accepted = accept(gate, aRequest('refund'), { agentVersion: 9 });
    await service.hear(JudgeActions, acceptedData(accepted));
    expect(saidOf(accepted.actionId)).toMatchObject([{ type: 'sallyport.policy.denied.v1' }]);
  });

  it('waits when the registry does not answer about a newer version, and is judged by it afterwards', async () => {
    registry.change('agents', 'agent-1', { state: 'suspended' }, { copied: false });
    const accepted = accept(gate, aRequest('refund'), { agentVersion: 2 });
    registry.isDown = true;
    await expect(service.hear(JudgeActions, acceptedData(accepted))).rejects.toMatchObject({ retryable: true });
    expect(saidOf(accepted.actionId)).toHaveLength(0);
    registry.isDown = false;
    expect(await judge(accepted)).toMatchObject([
      { outcome: 'deny', findings: expect.arrayContaining([expect.objectContaining({ code: 'agent_suspended' })]) },
    ]);
  });
});

describe('the daily limit of an agent', () => {
  // single 5,000, daily 50,000: ten refunds of 4,900 fit and the eleventh does not.
  const refunds = (agentId: string, count: number): Accepted[] =>
    Array.from({ length: count }, () => ask('refund', { agentId, properties: { amount_minor: 4_900 } }));

  it('holds inside one slice', async () => {
    const verdicts = await judge(...refunds(anAgentId(), 20));
    expect(verdicts.map(({ outcome }) => outcome)).toStrictEqual([
      ...Array.from({ length: 10 }, () => 'allow'),
      ...Array.from({ length: 10 }, () => 'require_approval'),
    ]);
  });

  it('holds one after another, with each completed', async () => {
    const agentId = anAgentId();
    let allowed = 0;
    for (const accepted of refunds(agentId, 20)) {
      const [verdict] = await judge(accepted);
      if (verdict?.outcome !== 'allow') continue;
      allowed += 1;
      await service.hear(SpendReservations, released(accepted));
      await service.hear(SpendReservations, { ...ended(accepted), lease_id: newId() });
    }
    expect(allowed).toBe(10);
  });

  it('holds over two instances that judge at once', async () => {
    const other = await anInstance();
    const agents = [anAgentId(), anAgentId(), anAgentId()];
    const all = agents.flatMap((agentId) => refunds(agentId, 20));
    await Promise.all(
      all.map((accepted, i) => (i % 2 === 0 ? service : other).hear(JudgeActions, acceptedData(accepted))),
    );
    const verdicts = all.map(({ actionId }, i) => (i % 2 === 0 ? service : other).verdictOf(actionId));
    expect(outcomes(verdicts, 'allow')).toBe(30);
    expect(outcomes(verdicts, 'require_approval')).toBe(30);
  });

  it('holds over two instances with whole slices in opposite order', async () => {
    const other = await anInstance();
    const agents = [anAgentId(), anAgentId(), anAgentId(), anAgentId()];
    const slice = (order: string[]): Accepted[] => order.flatMap((agentId) => refunds(agentId, 6));
    const slices = [slice(agents), slice(agents.toReversed()), slice(agents), slice(agents.toReversed())];
    await Promise.all(
      slices.map((one, i) => (i % 2 === 0 ? service : other).hear(JudgeActions, ...one.map(acceptedData))),
    );
    const verdicts = slices.flatMap((one, i) =>
      one.map(({ actionId }) => (i % 2 === 0 ? service : other).verdictOf(actionId)),
    );
    expect(outcomes(verdicts, 'allow')).toBe(40);
  });

  it('is free again for what ended before release, and only for that', async () => {
    const agentId = anAgentId();
    const first = refunds(agentId, 10);
    await judge(...first);
    const [lapsed, spent] = first as [Accepted, Accepted];
    await service.hear(SpendReservations, released(spent));
    await service.hear(FreeReservations, ended(lapsed, 'offer_expired'), ended(spent, 'completed'));
    await service.hear(FreeReservations, ended(lapsed, 'offer_expired'));
    expect(await judge(...refunds(agentId, 2))).toMatchObject([{ outcome: 'allow' }, { outcome: 'require_approval' }]);
  });

  it('is left by what was spent 24 hours ago, not by what is in flight', async () => {
    const agentId = anAgentId();
    const first = refunds(agentId, 10);
    await judge(...first);
    await service.hear(SpendReservations, ...first.slice(0, 5).map(released));
    await service.database.query(
      `UPDATE reservation SET spent_at = spent_at - interval '24 hours' WHERE agent_id = $1`,
      [agentId],
    );
    const verdicts = await judge(...refunds(agentId, 8));
    expect(outcomes(verdicts, 'allow')).toBe(5);
  });

  it('is not used up by what people decide', async () => {
    const agentId = anAgentId();
    const large = ask('refund', { agentId, properties: { amount_minor: 400_000 } });
    expect(await judge(large)).toMatchObject([{ outcome: 'require_approval' }]);
    expect(await judge(...refunds(agentId, 1))).toMatchObject([{ outcome: 'allow' }]);
    const out = ask('refund', { agentId, properties: { amount_minor: 120_000 } });
    expect(await judge(out)).toMatchObject([
      {
        outcome: 'deny',
        findings: expect.arrayContaining([expect.objectContaining({ code: 'daily_sum_out_of_proportion' })]),
      },
    ]);
    await service.hear(FreeReservations, ended(large, 'approval_expired'));
    expect(await judge(ask('refund', { agentId, properties: { amount_minor: 120_000 } }))).toMatchObject([
      { outcome: 'require_approval' },
    ]);
  });
});

describe('judged again', () => {
  it('leaves out the action’s own reservation, and reserves nothing', async () => {
    const agentId = anAgentId();
    const all = Array.from({ length: 10 }, () => ask('refund', { agentId, properties: { amount_minor: 4_900 } }));
    await judge(...all);
    for (const accepted of all)
      expect(await again(accepted, 'redeem')).toMatchObject({ outcome: 'allow', purpose: 'redeem' });
    expect(await again(all[0] as Accepted, 'redeem')).toMatchObject({ outcome: 'allow' });
    const rows = await service.database.query('SELECT 1 FROM reservation WHERE agent_id = $1', [agentId]);
    expect(rows).toHaveLength(10);
  });

  it('sees what the registry says now, not what this process remembers', async () => {
    const agentId = anAgentId();
    const accepted = ask('refund', { agentId });
    await judge(accepted);
    registry.change('agents', agentId, { limits: [] }, { copied: false });
    expect(await again(accepted, 'redeem')).toMatchObject({ outcome: 'require_approval' });
    registry.isDown = true;
    await expect(again(accepted, 'redeem')).rejects.toMatchObject({ retryable: true });
  });

  it('keeps the deadline of the first verdict', async () => {
    const accepted = ask('migrate');
    const [first] = await judge(accepted);
    const second = await again(accepted, 'vote');
    expect(second.plan?.deadline_at).toBe(first?.plan?.deadline_at);
    expect(second.purpose).toBe('vote');
  });

  it('refuses what was never accepted or never judged', async () => {
    const never = ask('refund');
    await expect(again(never, 'redeem')).rejects.toBeInstanceOf(ProblemError);
    const forged = { ...never, request: { ...never.request, value: '{}' } };
    await expect(again(forged, 'redeem')).rejects.toBeInstanceOf(ProblemError);
  });
});

describe('an emergency', () => {
  const quarantine = (): Accepted => ask('quarantine');

  beforeEach(() => {
    registry.put(anIncident());
  });

  it('fires once until a person has closed its review', async () => {
    const first = quarantine();
    expect(await judge(first)).toMatchObject([
      {
        outcome: 'allow',
        code: 'emergency_rule',
        grant: { ttl_seconds: 300 },
        obligations: { review: { rule: 'EMERG-001', group: 'soc-lead', incident: 'INC-77' } },
      },
    ]);
    expect(await judge(quarantine())).toMatchObject([{ outcome: 'require_approval', code: 'approved' }]);
    const closed = {
      action_id: first.actionId,
      agent_id: first.agentId,
      review_id: newId(),
      rule: 'EMERG-001',
      group: 'soc-lead',
      verdict: 'fit' as const,
      reason: 'r',
      by: 'sam',
      closed_at: '',
    };
    await service.hear(CloseReviews, closed);
    expect(await judge(quarantine())).toMatchObject([{ code: 'emergency_rule' }]);
  });

  it('fires once in a slice, and once over two instances at once', async () => {
    expect((await judge(quarantine(), quarantine())).map(({ code }) => code)).toStrictEqual([
      'emergency_rule',
      'approved',
    ]);
    await service.database.query('UPDATE review SET closed_at = now() WHERE closed_at IS NULL');
    const other = await anInstance();
    const all = Array.from({ length: 8 }, quarantine);
    const at = (i: number): PolicyUnderTest => (i % 2 === 0 ? service : other);
    await Promise.all(all.map((accepted, i) => at(i).hear(JudgeActions, acceptedData(accepted))));
    expect(all.filter(({ actionId }, i) => at(i).verdictOf(actionId).code === 'emergency_rule')).toHaveLength(1);
  });

  it('makes another instance wait until the first has decided', async () => {
    const other = await anInstance();
    const [first, second] = [quarantine(), quarantine()];
    const { promise: mayCommit, resolve: commit } = Promise.withResolvers<undefined>();
    const decided = Promise.withResolvers<undefined>();
    const slow = service.database.transaction(async (tx) => {
      await service.get(JudgeActions).handle([incoming(acceptedData(first))], tx);
      decided.resolve(undefined);
      await mayCommit;
    });
    await decided.promise;
    const late = other.hear(JudgeActions, acceptedData(second));
    await eventually(async () => {
      const rows = await service.database.query(
        `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%review_lock%'`,
      );
      expect(rows).toHaveLength(1);
    });
    commit(undefined);
    await Promise.all([slow, late]);
    expect([service.verdictOf(first.actionId).code, other.verdictOf(second.actionId).code]).toStrictEqual([
      'emergency_rule',
      'approved',
    ]);
  });

  it('does not see its own review when it is judged again', async () => {
    const first = quarantine();
    await judge(first);
    expect(await again(first, 'redeem')).toMatchObject({ outcome: 'allow', code: 'emergency_rule' });
    registry.change('incidents', 'INC-77', { ends_at: '2026-01-01T00:00:00.000Z' }, { copied: false });
    expect(await again(first, 'redeem')).toMatchObject({ outcome: 'require_approval' });
  });
});

describe('an ask to end an action', () => {
  const cancel = ({ actionId, agentId }: Accepted) => ({
    action_id: actionId,
    agent_id: agentId,
    code: 'agent_cancelled' as const,
    by: 'urn:sallyport:agent:agent-1',
  });

  it('is said again behind what policy has passed on', async () => {
    const accepted = ask('refund');
    await judge(accepted);
    await service.hear(PassOnAsks, cancel(accepted));
    await service.hear(PassOnAsks, cancel(accepted));
    expect(saidOf(accepted.actionId).map(({ type, sequence }) => [type, sequence])).toStrictEqual([
      ['sallyport.policy.allowed.v1', 1],
      ['sallyport.policy.cancel_requested.v1', 2],
      ['sallyport.policy.cancel_requested.v1', 3],
    ]);
  });

  it('is not said about what has ended, or was never judged, or is another agent’s', async () => {
    const denied = ask('refund', { properties: { currency: 'XAU' } });
    const passed = ask('refund');
    await judge(denied, passed);
    await service.hear(PassOnAsks, cancel(denied), cancel(ask('refund')), { ...cancel(passed), agent_id: 'agent-2' });
    expect(service.said.filter(({ type }) => type.includes('cancel'))).toHaveLength(0);
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
    service.database.transaction((tx) => service.get(EndUnreadable).handle(records, tx));

  it('ends the action that policy holds, once', async () => {
    const id = newId();
    await endUnreadable(unreadable(id), unreadable(id));
    await endUnreadable(unreadable(id));
    expect(saidOf(id).map(({ type }) => type)).toStrictEqual(['sallyport.policy.denied.v1']);
  });

  it('ends nothing that was passed on, nor what is no action', async () => {
    const accepted = ask('refund');
    await judge(accepted);
    await endUnreadable(
      unreadable(accepted.actionId),
      unreadable('agents:a'),
      unreadable(newId(), 'sallyport.leases.v1'),
    );
    expect(service.said).toHaveLength(1);
  });
});

describe('the pace of an agent', () => {
  it('counts what it asked for under this name in the minute before', async () => {
    const agentId = anAgentId();
    const shares = Array.from({ length: 32 }, () => ask('share', { agentId }));
    const verdicts = await judge(...shares);
    const slowed = verdicts.filter(({ findings }) => findings.some(({ code }) => code === 'rate_soft_limit'));
    expect(slowed).toHaveLength(2);
    const [next] = await judge(ask('share', { agentId }));
    expect(next?.findings.some(({ code }) => code === 'rate_soft_limit')).toBe(true);
    const early = await again(shares[0] as Accepted, 'vote');
    expect(early.findings.some(({ code }) => code === 'rate_soft_limit')).toBe(false);
  });
});
