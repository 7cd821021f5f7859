import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Plan, Verdict } from '#contracts';
import { sameConfirmations } from '#trust';
import { rejudge } from '../../apps/approvals/src/core/rejudge.js';
import { SpendReservations } from '../../apps/policy/src/handlers/spend-reservations.js';
import type { Accepted, RequestChanges } from '../../apps/policy/src/requests.fixture.js';
import { PolicyWorld } from './policy-world.js';

let world: PolicyWorld;

beforeAll(async () => {
  world = await PolicyWorld.start();
}, 60_000);
beforeEach(() => world.begin());
afterEach(() => world.close());
afterAll(() => world.end());

function planIn({ plan }: Verdict): Plan {
  if (plan === undefined) throw new TypeError('the verdict has no plan');
  return plan;
}

/** Of one agent: a single limit of 5,000 and a daily one of 50,000. */
const refund = (agentId: string, amount: number): Accepted =>
  world.ask('refund', { agentId, properties: { amount_minor: amount } });

async function judged(accepted: Accepted): Promise<Verdict> {
  const [verdict] = await world.judge(accepted);
  if (verdict === undefined) throw new TypeError('no verdict');
  return verdict;
}

/** The agent asks for one more, which is allowed and released, and for one that waits for people too. */
async function goOn(agentId: string): Promise<void> {
  const small = refund(agentId, 1_000);
  expect(await judged(small)).toMatchObject({ outcome: 'allow' });
  await world.service.hear(SpendReservations, world.released(small));
  expect(await judged(refund(agentId, 30_000))).toMatchObject({ outcome: 'require_approval' });
}

/** Is what people confirmed still what they would be asked to confirm? First as approvals asks, then as credentials does. */
async function stillConfirmed(accepted: Accepted, plan: Plan): Promise<{ vote: string; redeem: boolean }> {
  const vote = rejudge(plan, await world.again(accepted, 'vote'));
  const redeem = sameConfirmations(plan, planIn(await world.again(accepted, 'redeem')));
  return { vote, redeem };
}

describe('a payment that waits for people while its agent goes on', () => {
  const stands = { vote: 'stands', redeem: true };
  const replaced = { vote: 'replaced', redeem: false };
  const unknownPayee: RequestChanges = { name: 'payment.transfer', properties: { payee: 'who', amount_minor: 4_000 } };

  it('above its own limit: the plan stands at the vote and at redeem', async () => {
    const agentId = world.anAgentId();
    const waiting = refund(agentId, 20_000);
    const plan = planIn(await judged(waiting));
    await goOn(agentId);
    expect(await stillConfirmed(waiting, plan)).toStrictEqual(stands);
  });

  it('above what two directors decide: the plan stands', async () => {
    const agentId = world.anAgentId();
    const waiting = refund(agentId, 1_500_000);
    const plan = planIn(await judged(waiting));
    await goOn(agentId);
    expect(await stillConfirmed(waiting, plan)).toStrictEqual(stands);
  });

  it('above its limit of a day: the plan stands although the sum of the day is another by now', async () => {
    const agentId = world.anAgentId();
    await world.judge(...Array.from({ length: 10 }, () => refund(agentId, 4_700)));
    const waiting = refund(agentId, 4_900);
    const plan = planIn(await judged(waiting));
    expect(plan.stages[0]?.confirmations.map(({ id }) => id)).toStrictEqual(['daily_sum']);
    await goOn(agentId);
    expect(await stillConfirmed(waiting, plan)).toStrictEqual(stands);
  });

  it('of an agent with no limit at all: the plan stands, until it gets one', async () => {
    const agentId = world.anAgentId();
    world.registry.change('agents', agentId, { limits: [] });
    const waiting = refund(agentId, 20_000);
    const plan = planIn(await judged(waiting));
    expect(plan.stages[0]?.confirmations.map(({ fact }) => fact?.value)).toStrictEqual([[], []]);
    await judged(refund(agentId, 30_000));
    expect(await stillConfirmed(waiting, plan)).toStrictEqual(stands);
    world.registry.change('agents', agentId, { limits: [{ currency: 'EUR', single_minor: 1, daily_minor: 90_000 }] });
    expect(rejudge(plan, await world.again(waiting, 'vote'))).toBe('replaced');
  });

  it('is asked for anew when the limit of the agent is lowered meanwhile', async () => {
    const agentId = world.anAgentId();
    const waiting = refund(agentId, 20_000);
    const plan = planIn(await judged(waiting));
    await goOn(agentId);
    const limits = [{ currency: 'EUR', single_minor: 3_000, daily_minor: 50_000 }];
    world.registry.change('agents', agentId, { limits });
    expect(await stillConfirmed(waiting, plan)).toStrictEqual(replaced);
  });

  it('is asked for anew when the sum of the day passes the limit meanwhile', async () => {
    const agentId = world.anAgentId();
    const waiting = world.ask('refund', { ...unknownPayee, agentId });
    const plan = planIn(await judged(waiting));
    expect(plan.stages[0]?.confirmations.map(({ id }) => id)).toStrictEqual(['payee']);
    await goOn(agentId);
    expect(await stillConfirmed(waiting, plan)).toStrictEqual(stands);
    await world.judge(...Array.from({ length: 10 }, () => refund(agentId, 4_700)));
    expect(await stillConfirmed(waiting, plan)).toStrictEqual(replaced);
  });

  it('is denied when its payee loses the approval meanwhile', async () => {
    const agentId = world.anAgentId();
    const payment = { name: 'payment.transfer', properties: { payee: 'acme', amount_minor: 20_000 } };
    const waiting = world.ask('refund', { ...payment, agentId });
    const plan = planIn(await judged(waiting));
    expect(rejudge(plan, await world.again(waiting, 'vote'))).toBe('stands');
    world.registry.change('counterparties', 'acme', { approved: false });
    expect(rejudge(plan, await world.again(waiting, 'vote'))).toBe('denied');
  });
});
