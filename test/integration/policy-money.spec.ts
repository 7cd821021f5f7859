import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Verdict } from '#contracts';
import { newId } from '#platform';
import { FreeReservations } from '../../apps/policy/src/handlers/free-reservations.js';
import { JudgeActions } from '../../apps/policy/src/handlers/judge-actions.js';
import { SpendReservations } from '../../apps/policy/src/handlers/spend-reservations.js';
import type { Accepted } from '../../apps/policy/src/requests.fixture.js';
import { acceptedData } from '../../apps/policy/src/service.fixture.js';
import { PolicyWorld } from './policy-world.js';

let world: PolicyWorld;

beforeAll(async () => {
  world = await PolicyWorld.start();
}, 60_000);
beforeEach(() => world.begin());
afterEach(() => world.close());
afterAll(() => world.end());

const outcomes = (verdicts: readonly Verdict[], outcome: Verdict['outcome']): number =>
  verdicts.filter((v) => v.outcome === outcome).length;

describe('the daily limit of an agent', () => {
  // single 5,000, daily 50,000: ten refunds of 4,900 fit and the eleventh does not.
  const refunds = (agentId: string, count: number): Accepted[] =>
    Array.from({ length: count }, () => world.ask('refund', { agentId, properties: { amount_minor: 4_900 } }));

  it('holds inside one slice', async () => {
    const verdicts = await world.judge(...refunds(world.anAgentId(), 20));
    expect(verdicts.map(({ outcome }) => outcome)).toStrictEqual([
      ...Array.from({ length: 10 }, () => 'allow'),
      ...Array.from({ length: 10 }, () => 'require_approval'),
    ]);
  });

  it('holds one after another, with each completed', async () => {
    const agentId = world.anAgentId();
    let allowed = 0;
    for (const accepted of refunds(agentId, 20)) {
      const [verdict] = await world.judge(accepted);
      if (verdict?.outcome !== 'allow') continue;
      allowed += 1;
      await world.service.hear(SpendReservations, world.released(accepted));
      await world.service.hear(SpendReservations, { ...world.ended(accepted), lease_id: newId() });
    }
    expect(allowed).toBe(10);
  });

  it('holds over two instances that judge at once', async () => {
    const other = await world.anInstance();
    const agents = [world.anAgentId(), world.anAgentId(), world.anAgentId()];
    const all = agents.flatMap((agentId) => refunds(agentId, 20));
    await Promise.all(
      all.map((accepted, i) => (i % 2 === 0 ? world.service : other).hear(JudgeActions, acceptedData(accepted))),
    );
    const verdicts = all.map(({ actionId }, i) => (i % 2 === 0 ? world.service : other).verdictOf(actionId));
    expect(outcomes(verdicts, 'allow')).toBe(30);
    expect(outcomes(verdicts, 'require_approval')).toBe(30);
  });

  it('holds over two instances with whole slices in opposite order', async () => {
    const other = await world.anInstance();
    const agents = [world.anAgentId(), world.anAgentId(), world.anAgentId(), world.anAgentId()];
    const slice = (order: string[]): Accepted[] => order.flatMap((agentId) => refunds(agentId, 6));
    const slices = [slice(agents), slice(agents.toReversed()), slice(agents), slice(agents.toReversed())];
    await Promise.all(
      slices.map((one, i) => (i % 2 === 0 ? world.service : other).hear(JudgeActions, ...one.map(acceptedData))),
    );
    const verdicts = slices.flatMap((one, i) =>
      one.map(({ actionId }) => (i % 2 === 0 ? world.service : other).verdictOf(actionId)),
    );
    expect(outcomes(verdicts, 'allow')).toBe(40);
  });

  it('is free again for what ended before release, and only for that', async () => {
    const agentId = world.anAgentId();
    const first = refunds(agentId, 10);
    await world.judge(...first);
    const [lapsed, spent] = first as [Accepted, Accepted];
    await world.service.hear(SpendReservations, world.released(spent));
    await world.service.hear(FreeReservations, world.over(lapsed), world.over(spent));
    await world.service.hear(FreeReservations, world.over(lapsed));
    expect(await world.judge(...refunds(agentId, 2))).toMatchObject([
      { outcome: 'allow' },
      { outcome: 'require_approval' },
    ]);
  });

  it('is freed and spent only by what its holder signed about this action', async () => {
    const agentId = world.anAgentId();
    const all = refunds(agentId, 10);
    await world.judge(...all);
    const [own, other] = all as [Accepted, Accepted];
    const who = ({ action_id, agent_id }: ReturnType<typeof acceptedData>) => ({ action_id, agent_id });
    const about = who(acceptedData(own));
    const ends = [
      { ...world.over(other), ...about },
      { ...world.ended(own) },
      { ...world.told(own, 'rejected', 'expired', 'intake'), code: 'expired' },
      { ...world.told(own, 'offered', 'approved'), code: 'approved' },
    ];
    for (const end of ends) await world.service.hear(FreeReservations, end);
    expect(await world.judge(...refunds(agentId, 1))).toMatchObject([{ outcome: 'require_approval' }]);
    const releases = [
      { ...world.released(other), ...about },
      { ...world.over(own), lease_id: newId(), expires_at: '' },
    ];
    for (const release of releases) await world.service.hear(SpendReservations, release);
    expect(world.buried()).toStrictEqual(Array.from({ length: 6 }, () => `evidence_invalid ${own.actionId}`));
    // Had a forged release counted, it would be spent now, and no longer be free.
    await world.service.hear(FreeReservations, world.over(own));
    expect(await world.judge(...refunds(agentId, 1))).toMatchObject([{ outcome: 'allow' }]);
  });

  it('is left by what was spent 24 hours ago, not by what is in flight', async () => {
    const agentId = world.anAgentId();
    const first = refunds(agentId, 10);
    await world.judge(...first);
    await world.service.hear(SpendReservations, ...first.slice(0, 5).map(world.released));
    await world.service.database.query(
      `UPDATE reservation SET spent_at = spent_at - interval '24 hours' WHERE agent_id = $1`,
      [agentId],
    );
    const verdicts = await world.judge(...refunds(agentId, 8));
    expect(outcomes(verdicts, 'allow')).toBe(5);
  });

  it('is not used up by what people decide', async () => {
    const agentId = world.anAgentId();
    const large = world.ask('refund', { agentId, properties: { amount_minor: 400_000 } });
    expect(await world.judge(large)).toMatchObject([{ outcome: 'require_approval' }]);
    expect(await world.judge(...refunds(agentId, 1))).toMatchObject([{ outcome: 'allow' }]);
  });

  it('ends at the ceiling of a day, which counts what people decide until it is free again', async () => {
    const agentId = world.anAgentId();
    // The ceiling is 50,000,000.
    const large = (): Accepted => world.ask('refund', { agentId, properties: { amount_minor: 30_000_000 } });
    const first = large();
    const beyond = { findings: expect.arrayContaining([expect.objectContaining({ code: 'daily_ceiling_exceeded' })]) };
    expect(await world.judge(first)).toMatchObject([{ outcome: 'require_approval' }]);
    expect(await world.judge(large())).toMatchObject([{ outcome: 'deny', ...beyond }]);
    await world.service.hear(FreeReservations, world.over(first, 'approval_expired'));
    expect(await world.judge(large())).toMatchObject([{ outcome: 'require_approval' }]);
  });
});

describe('the pace of an agent', () => {
  it('counts what it asked for under this name in the minute before', async () => {
    const agentId = world.anAgentId();
    const shares = Array.from({ length: 32 }, () => world.ask('share', { agentId }));
    const verdicts = await world.judge(...shares);
    const slowed = verdicts.filter(({ findings }) => findings.some(({ code }) => code === 'rate_soft_limit'));
    expect(slowed).toHaveLength(2);
    const [next] = await world.judge(world.ask('share', { agentId }));
    expect(next?.findings.some(({ code }) => code === 'rate_soft_limit')).toBe(true);
    const early = await world.again(shares[0] as Accepted, 'vote');
    expect(early.findings.some(({ code }) => code === 'rate_soft_limit')).toBe(false);
  });
});
