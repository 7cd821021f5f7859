import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  actionAccepted, approvalGranted, approvalVoted, leaseCancelled, leaseEnded, leaseOffered, policyAllowed, policyApprovalRequired,
  reviewClosed, reviewOpened, topics,
} from '#contracts'; // prettier-ignore
import { newActionId } from '#sdk';
import { Bus } from '../support/bus.js';
import { closeReview, declareIncident, quarantine } from '../support/emergency.js';
import { eventually } from '../support/eventually.js';
import { Forger } from '../support/forger.js';
import { Leaving } from '../support/leaving.js';
import { refund, RunningGate } from '../support/running-gate.js';
import { scratchFolder } from '../support/scratch.js';
import { askAtOnce, ToldOutcomes, type Ask } from '../support/told-outcomes.js';

/*
 * The forger may write to every topic. What it writes are genuine events in which only ids, digests and statements are
 * exchanged, so that each passes its schema and every single signature verifies. Each case names the check that stops it.
 */

jest.setTimeout(120_000);

let gate: RunningGate;
let bus: Bus;
let forger: Forger;
let told: ToldOutcomes;
const leaving = new Leaving();
const scratch = leaving.add(scratchFolder('forgery'), (folder) => folder.remove());
const patience = { withinMs: 40_000, everyMs: 50 };

/** Small: policy allows it by itself. */
let allowed: Ask;
/** `finance` said yes to it. */
let granted: Ask;

beforeAll(async () => {
  gate = leaving.add(await RunningGate.start({ dir: scratch.dir, agents: 2 }), (one) => one.stop());
  bus = leaving.add(await Bus.connect(gate.brokers), (one) => one.stop());
  forger = leaving.add(await Forger.start(bus), (one) => one.stop());
  told = leaving.add(await ToldOutcomes.follow(gate, bus), (one) => one.stop());
  [allowed, granted] = (await ask(1_000, 10_000)) as [Ask, Ask];
  await isTold(granted, 'pending');
  await gate.approved('fiona', granted.ticket.actionId);
  await Promise.all([isTold(allowed, 'offered'), isTold(granted, 'offered')]);
}, 180_000);

afterAll(async () => {
  await leaving.all();
}, 90_000);

/** Always of the first agent: an exchange between agents would be stopped by their names alone. */
async function ask(...amounts: number[]): Promise<Ask[]> {
  const asks: Ask[] = [];
  for (const amount of amounts) asks.push(...(await askAtOnce(gate, bus, [refund(amount)])));
  return asks;
}

async function isTold(one: Ask, outcome: string): Promise<void> {
  await eventually(() => {
    expect(told.namesOf(one)).toContain(outcome);
  }, patience);
}

/** An action that waits for people. */
async function pending(amount = 10_000): Promise<Ask> {
  const [one] = (await ask(amount)) as [Ask];
  await isTold(one, 'pending');
  return one;
}

const who = ({ agent, ticket }: Ask) => ({ action_id: ticket.actionId, agent_id: agent.id });

/** Credentials has buried the event: it offered nothing, and ended nothing that somebody else holds. */
async function isBuriedAtOffer(one: Ask): Promise<void> {
  await eventually(() => {
    expect(forger.buried('credentials', one.ticket.actionId)).toStrictEqual(['evidence_invalid']);
  }, patience);
  expect(forger.saidOfLease(one.ticket.actionId)).toStrictEqual([]);
  expect(told.namesOf(one)).toStrictEqual(['pending']);
}

/** People decide as if nothing had been forged, and what they decided is offered. */
async function goesOn(one: Ask, ...people: string[]): Promise<void> {
  for (const person of people) await gate.approved(person, one.ticket.actionId);
  await isTold(one, 'offered');
  expect(told.namesOf(one)).toStrictEqual(['pending', 'offered']);
}

async function allow(one: Ask, evidence: { request?: Ask; verdict: Ask }): Promise<void> {
  const own = await forger.genuine(actionAccepted, (evidence.request ?? one).ticket.actionId);
  const judged = await forger.genuine(
    evidence.verdict === allowed ? policyAllowed : policyApprovalRequired,
    evidence.verdict.ticket.actionId,
  );
  const data = { ...who(one), evidence: { ...judged.evidence, request: own.request } };
  await forger.say({ event: policyAllowed, service: 'policy', actionId: one.ticket.actionId, data });
}

describe('an allow that policy never gave', () => {
  it('with all the evidence of another action [handedOverByPolicy: the verdict names another action]', async () => {
    const one = await pending();
    await allow(one, { request: allowed, verdict: allowed });
    await isBuriedAtOffer(one);
    await goesOn(one, 'fiona');
  });

  it.each([
    ['the verdict of another action', 'the verdict names another action', () => allowed],
    ['the own verdict, which asks for people', 'only an allow passes an action on', (one: Ask) => one],
  ])('with %s [handedOverByPolicy: %s]', async (_, __, verdictOf) => {
    const one = await pending();
    await allow(one, { verdict: verdictOf(one) });
    await isBuriedAtOffer(one);
    await goesOn(one, 'fiona');
  });
});

describe('a grant that people never gave', () => {
  /** Approvals has signed one granting that anybody can read: that of the action that it did grant. */
  async function grant(
    one: Ask,
    { votesOf, times = 1, sequence }: { votesOf: Ask; times?: number; sequence: number },
  ): Promise<void> {
    const { evidence } = await forger.genuine(policyApprovalRequired, one.ticket.actionId);
    const { counted } = await forger.genuine(approvalVoted, votesOf.ticket.actionId);
    const { granting } = await forger.genuine(approvalGranted, granted.ticket.actionId);
    const votes = Array.from({ length: times }, () => counted);
    const data = { ...who(one), evidence: { ...evidence, votes }, granting, granted: { ttl_seconds: 300, uses: 1 } };
    await forger.say({ event: approvalGranted, service: 'approvals', actionId: one.ticket.actionId, data, sequence });
  }

  it('with the votes on another action [readGranting: the granting names another action]', async () => {
    const one = await pending();
    await grant(one, { votesOf: granted, sequence: 2 });
    await isBuriedAtOffer(one);
    await goesOn(one, 'fiona');
  });

  it.each([
    ['one vote counted twice', 2],
    ['one of the two votes that the plan wants', 1],
  ])('with %s [readGranting: the granting names another action]', async (_, times) => {
    const one = await pending(1_500_000);
    await gate.approved('greta', one.ticket.actionId);
    await grant(one, { votesOf: one, times, sequence: 3 });
    await isBuriedAtOffer(one);
    await goesOn(one, 'gustav');
  });
});

describe('an action that intake never accepted', () => {
  const actionId = newActionId();

  it('is not judged [policy: the acceptance names another action]', async () => {
    const { request } = await forger.genuine(actionAccepted, allowed.ticket.actionId);
    const data = { action_id: actionId, agent_id: allowed.agent.id, request };
    await forger.say({ event: actionAccepted, service: 'intake', actionId, data });
    await eventually(() => {
      expect(forger.buried('policy', actionId)).toContain('evidence_invalid');
      expect(forger.buried('notifier', actionId)).toContain('evidence_invalid');
    }, patience);
    expect(forger.saidOfLease(actionId)).toStrictEqual([]);
  });

  it('is not put before people [approvals: the acceptance names another action]', async () => {
    const { evidence } = await forger.genuine(policyApprovalRequired, granted.ticket.actionId);
    const data = { action_id: actionId, agent_id: granted.agent.id, evidence };
    await forger.say({ event: policyApprovalRequired, service: 'policy', actionId, data });
    await eventually(() => {
      expect(forger.buried('approvals', actionId)).toContain('evidence_invalid');
    }, patience);
    expect((await gate.as('fiona', 'approvals', `/v1/approvals/${actionId}`)).status).toBe(404);
  });
});

describe('an end or an offer that its holder never said', () => {
  let over: Ask;

  beforeAll(async () => {
    [over] = (await ask(1_100)) as [Ask];
    await isTold(over, 'offered');
    const lease = await over.agent.sdk.redeem(over.ticket, told.leaseOf(over) ?? { id: '', redeem_url: '' } as never); // prettier-ignore
    await lease.complete();
    await isTold(over, 'ended');
  }, 60_000);

  it('is not told: the end of another action [notifier: the signed outcome names another action]', async () => {
    const data = { ...(await forger.genuine(leaseEnded, over.ticket.actionId)), ...who(allowed) };
    await forger.say({ event: leaseEnded, service: 'credentials', actionId: allowed.ticket.actionId, data });
    await eventually(() => {
      expect(forger.buried('notifier', allowed.ticket.actionId)).toStrictEqual(['evidence_invalid']);
    }, patience);
    expect(told.namesOf(allowed)).toStrictEqual(['offered']);
    expect((await allowed.agent.sdk.status(allowed.ticket))?.state).toBe('offered');
  });

  it('is not told: the offer of another action [notifier: the signed outcome names another action]', async () => {
    const one = await pending();
    const data = { ...(await forger.genuine(leaseOffered, allowed.ticket.actionId)), ...who(one) };
    await forger.say({ event: leaseOffered, service: 'credentials', actionId: one.ticket.actionId, data });
    await eventually(() => {
      expect(forger.buried('notifier', one.ticket.actionId)).toStrictEqual(['evidence_invalid']);
    }, patience);
    expect(told.namesOf(one)).toStrictEqual(['pending']);
  });

  it('frees no money: the cancellation of another action [policy: the signed outcome names another action]', async () => {
    const limits = [{ currency: 'EUR', single_minor: 5_000, daily_minor: 17_000 }];
    await gate.change('agents', gate.agent(0).id, (spec) => ({ ...spec, limits }));
    // 2,100 are reserved or spent already; three times 4,900 fit, and a fourth time does not.
    const fitting = await ask(4_900, 4_900, 4_900);
    await Promise.all(fitting.map((one) => isTold(one, 'offered')));
    const [cancelled] = (await ask(100)) as [Ask];
    await isTold(cancelled, 'offered');
    await cancelled.agent.sdk.complete(told.leaseOf(cancelled)?.id ?? '');
    await isTold(cancelled, 'cancelled');
    const genuine = await forger.genuine(leaseCancelled, cancelled.ticket.actionId);
    for (const one of fitting) {
      const data = { ...genuine, ...who(one) };
      await forger.say({ event: leaseCancelled, service: 'credentials', actionId: one.ticket.actionId, data });
    }
    await eventually(() => {
      for (const one of fitting) {
        expect(forger.buried('notifier', one.ticket.actionId)).toHaveLength(1);
        expect(forger.buried('policy', one.ticket.actionId)).toHaveLength(1);
      }
    }, patience);
    const [more] = (await ask(4_900)) as [Ask];
    await eventually(() => {
      expect(told.namesOf(more)).not.toHaveLength(0);
    }, patience);
    expect(told.namesOf(more)).toStrictEqual(['pending']);
  });
});

describe('a review that nobody closed', () => {
  /** Policy hears of incidents and of closed reviews a little later than they are. */
  async function byEmergencyRule(): Promise<Ask> {
    let last: Ask | undefined;
    await eventually(async () => {
      const [one] = (await askAtOnce(gate, bus, [quarantine])) as [Ask];
      await eventually(() => {
        expect(told.of(one)).not.toHaveLength(0);
      }, patience);
      expect(told.codesOf(one)).toStrictEqual(['offered/emergency_rule']);
      last = one;
    }, patience);
    return last as Ask;
  }

  it('does not let its emergency rule work again [policy: the signed closing names another action and review]', async () => {
    await declareIncident(gate);
    const first = await byEmergencyRule();
    const { review_id: closed } = await forger.genuine(reviewOpened, first.ticket.actionId);
    await closeReview(gate, closed);
    const genuine = await forger.genuine(reviewClosed, first.ticket.actionId);
    const second = await byEmergencyRule();
    const { review_id } = await forger.genuine(reviewOpened, second.ticket.actionId);
    const data = { ...genuine, ...who(second), review_id };
    await forger.say({ event: reviewClosed, service: 'approvals', actionId: second.ticket.actionId, data });
    await eventually(() => {
      expect(forger.buried('policy', second.ticket.actionId)).toStrictEqual(['evidence_invalid']);
    }, patience);
    const [third] = (await askAtOnce(gate, bus, [quarantine])) as [Ask];
    await eventually(() => {
      expect(told.of(third)).not.toHaveLength(0);
    }, patience);
    expect(told.codesOf(third)).toStrictEqual(['pending/approval_required']);
  });
});

describe('a signed registry entry from the past', () => {
  it('revives no key, neither at once nor after a new start [the copy keeps the newest version that it ever saw]', async () => {
    const [old, successor] = [gate.agent(0), gate.agent(1)];
    const before = (await bus.read(topics.registry)).filter(({ key }) => key === `agents:${old.id}`);
    const fresh = await gate.newKeys(old.id);
    expect(before.length).toBeGreaterThan(0);
    // The newest entry is on the topic; the forger puts the older ones behind it.
    await eventually(async () => {
      expect((await bus.read(topics.registry)).filter(({ key }) => key === `agents:${old.id}`).length).toBeGreaterThan(before.length); // prettier-ignore
    });
    await forger.replay(before);
    await isStillOut();
    await Promise.all(['intake', 'policy', 'credentials'].map((name) => gate.world.stop(name)));
    await Promise.all((['intake', 'policy', 'credentials'] as const).map((name) => gate.world.startService(name)));
    await isStillOut();
    const ticket = await fresh.sdk.ask(refund(100));
    expect((await fresh.sdk.wait(ticket)).state).toBe('offered');

    /** The old key is unknown over Kafka and over HTTP; a request of somebody else, asked behind it, is served. */
    async function isStillOut(): Promise<void> {
      await expect(old.sdk.ask(refund(100))).rejects.toMatchObject({ code: 'key_unknown' });
      const [stale, good] = (await askAtOnce(gate, bus, [refund(100), refund(100)])) as [Ask, Ask];
      expect([stale.agent.id, good.agent.id]).toStrictEqual([old.id, successor.id]);
      await isTold(good, 'offered');
      expect(told.of(stale)).toStrictEqual([]);
    }
  }, 90_000);
});
