import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FaultPoint, ServiceName } from '#platform';
import { Bus } from '../support/bus.js';
import { rounds } from '../support/depth.js';
import { eventually } from '../support/eventually.js';
import { inLanes } from '../support/lanes.js';
import { RoleTarget, roleRefund } from '../support/role-target.js';
import { Leaving } from '../support/leaving.js';
import { refund, RunningGate } from '../support/running-gate.js';
import { scratchFolder } from '../support/scratch.js';
import { askAtOnce, ToldOutcomes, type Ask } from '../support/told-outcomes.js';

/*
 * A real process kills itself at a named point (SALLYPORT_FAULT) with at least 50 actions in flight, and is started again.
 * Everything is judged from outside: by the outcomes topic, and by `pg_roles` of the target.
 */

const victims = ['intake', 'policy', 'approvals', 'credentials', 'notifier'] as const satisfies ServiceName[];
const points = [
  'in-transaction',
  'after-commit-before-offset',
  'after-send-before-outbox-delete',
] as const satisfies FaultPoint[];
const inFlight = 50;
const mintSeconds = 4;
const patience = { withinMs: 90_000, everyMs: 100 };

let gate: RunningGate;
let bus: Bus;
let target: RoleTarget;
let told: ToldOutcomes;
const leaving = new Leaving();
const scratch = leaving.add(scratchFolder('kill'), (folder) => folder.remove());
const survived: string[] = [];

beforeAll(async () => {
  const credentials = { SALLYPORT_CREDENTIALS_MINT_SECONDS: String(mintSeconds) };
  gate = leaving.add(await RunningGate.start({ dir: scratch.dir, agents: 10, services: { credentials } }), (one) =>
    one.stop(),
  );
  bus = leaving.add(await Bus.connect(gate.brokers), (one) => one.stop());
  target = await RoleTarget.install(gate);
  told = leaving.add(await ToldOutcomes.follow(gate, bus), (one) => one.stop());
}, 180_000);

afterAll(async () => {
  console.info(`killed and recovered, process x point:\n${survived.join('\n')}`);
  await leaving.all();
}, 90_000);

/** For one life. It stops in order before, so that the fault hits new work only. */
async function arm(service: ServiceName, spec: string): Promise<void> {
  await gate.world.stop(service);
  await gate.world.startService(service, { SALLYPORT_FAULT: spec });
}

/** It must have been the fault: another end is a failure of the test. */
async function diesAndReturns(service: ServiceName, point: FaultPoint): Promise<void> {
  const { signal } = await gate.world.process(service).exited;
  expect(`${service}: ${String(signal)}`).toBe(`${service}: SIGKILL`);
  await gate.world.startService(service);
  survived.push(`  ${service} x ${point}`);
}

async function killAt(point: FaultPoint, services: readonly ServiceName[]): Promise<void> {
  await Promise.all(services.map((service) => arm(service, `${point}:1`)));
  const amounts = [...Array.from({ length: inFlight }, () => 1_000), ...Array.from({ length: inFlight }, () => 10_000)];
  const asks = await askAtOnce(gate, bus, amounts.map(refund)); // prettier-ignore
  await Promise.all(services.map((service) => diesAndReturns(service, point)));
  const forPeople = asks.slice(inFlight);
  await eventually(() => {
    expect(forPeople.filter((ask) => !told.namesOf(ask).includes('pending'))).toHaveLength(0);
  }, patience);
  await inLanes(forPeople, 6, ({ ticket }) => gate.approved('fiona', ticket.actionId));
  await eventually(() => {
    expect(asks.filter((ask) => told.leaseOf(ask) === undefined)).toHaveLength(0);
  }, patience);
  await haveOneEndEach(asks);
}

const withoutEnd = (asks: readonly Ask[]): Ask[] => asks.filter((ask) => told.terminalOf(ask).length === 0);

/** One offer, one lease and one end of each. All of them end here: an offer that lapsed later would set off the fault of a later case. */
async function haveOneEndEach(asks: readonly Ask[]): Promise<void> {
  const [returned, kept] = [asks.filter((_, index) => index % 3 === 0), asks.filter((_, index) => index % 3 !== 0)];
  await inLanes(returned, 8, (ask) => ask.agent.sdk.complete(told.leaseOf(ask)?.id ?? ''));
  await eventually(() => {
    expect(withoutEnd(returned)).toHaveLength(0);
  }, patience);
  expect(withoutEnd(kept)).toHaveLength(kept.length);
  await inLanes(kept, 8, (ask) => ask.agent.sdk.cancel(ask.ticket));
  await eventually(() => {
    expect(withoutEnd(kept)).toHaveLength(0);
  }, patience);
  for (const ask of asks) {
    expect(told.namesOf(ask).filter((name) => name === 'offered')).toHaveLength(1);
    expect(openingsOf(ask).length).toBeLessThanOrEqual(1);
    expect(told.terminalOf(ask)).toHaveLength(1);
  }
  expect(new Set(asks.map((ask) => told.leaseOf(ask)?.id)).size).toBe(asks.length);
}

/** A plan that facts have overtaken is told again, and says so. */
const openingsOf = (ask: Ask) =>
  told.of(ask).filter(({ value }) => value.outcome === 'pending' && !value.reasons.includes('plan_replaced'));

describe('a process that is killed loses nothing, repeats nothing, and leaves one offer, one lease and one end of each action', () => {
  const alone = points.flatMap((point) => victims.map((service): [FaultPoint, ServiceName[]] => [point, [service]]));
  const together = points.map((point): [FaultPoint, ServiceName[]] => [point, [...victims]]);

  // Quick: all five in one flow, each killed at its own first pass. Deep: also each by itself.
  it.each([...together, ...alone.slice(0, rounds({ quick: 0, deep: alone.length }))])('at %s: %s', killAt, 180_000);
});

describe('a mint that is killed leaves no login behind', () => {
  const ttlSeconds = 15;

  async function offeredRoles(): Promise<Ask[]> {
    const asks = await askAtOnce(
      gate,
      bus,
      Array.from({ length: inFlight }, () => roleRefund(ttlSeconds)),
    );
    await eventually(() => {
      expect(asks.filter((ask) => told.leaseOf(ask) === undefined)).toHaveLength(0);
    }, patience);
    return asks;
  }

  /** Undefined where the process died in mid-mint. What it had recorded is fetched again from the next one. */
  async function collect(ask: Ask): Promise<string | undefined> {
    const offer = told.leaseOf(ask);
    if (offer === undefined) throw new Error('there is no offer');
    try {
      return (await ask.agent.sdk.redeem(ask.ticket, offer)).leaseId;
    } catch {
      return undefined;
    }
  }

  const leaseId = (ask: Ask): string => told.leaseOf(ask)?.id ?? '';

  const mintPoints = ['between-mint-and-record', 'after-intent-before-mint'] as const satisfies FaultPoint[];

  it.each(mintPoints.slice(0, rounds({ quick: 1, deep: 2 })))('at %s', async (point) => {
    const pass = 12;
    await arm('credentials', `${point}:${String(pass)}`);
    const asks = await offeredRoles();
    const collecting = inLanes(asks, 8, collect);
    const { signal } = await gate.world.process('credentials').exited;
    expect(signal).toBe('SIGKILL');
    const isReleased = (ask: Ask): boolean => told.namesOf(ask).includes('released');
    const left = new Set((await target.roles()).map((role) => role.leaseId));
    await gate.world.startService('credentials');
    const collected = await collecting;
    const orphans = asks.filter((ask, index) => collected[index] === undefined && left.has(leaseId(ask)));
    // Once the time for a mint is over, only what was delivered still has a login, and that not past its own deadline.
    await eventually(async () => {
      const known = new Set(asks.filter(isReleased).map(leaseId));
      const strangers = (await target.roles()).filter((role) => !known.has(role.leaseId));
      expect(strangers).toStrictEqual([]);
    }, { withinMs: (mintSeconds + 15) * 1_000, everyMs: 250 }); // prettier-ignore
    for (const [index, ask] of asks.entries())
      if (collected[index] !== undefined) expect(told.namesOf(ask)).toContain('released');
    await eventually(async () => {
      expect(await target.roles()).toStrictEqual([]);
    }, { withinMs: (ttlSeconds + 15) * 1_000, everyMs: 250 }); // prettier-ignore
    await eventually(() => {
      for (const ask of asks) expect(told.terminalOf(ask)).toHaveLength(1);
    }, patience);
    const codes = Map.groupBy(asks.map((ask) => told.codesOf(ask).join(' → ')), (codes) => codes); // prettier-ignore
    console.info([...codes].map(([code, all]) => `${all.length} ${code}`).join('\n'));
    // Other redeems were under way: one that was recorded just before the kill was fetched again. No release is without its agent.
    expect(asks.filter((ask, index) => isReleased(ask) && collected[index] === undefined)).toStrictEqual([]);
    for (const ask of orphans) expect(told.codesOf(ask)).toStrictEqual(['offered/policy_allowed', 'refused/mint_failed']);
    if (point === 'between-mint-and-record') expect(orphans.length).toBeGreaterThan(0);
    survived.push(`  credentials x ${point}`);
  }, 180_000); // prettier-ignore
});
