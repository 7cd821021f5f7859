import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ServiceName } from '#platform';
import { root } from '../../tools/world/place.js';
import { Bus } from '../support/bus.js';
import { rounds } from '../support/depth.js';
import { eventually } from '../support/eventually.js';
import { Leaving } from '../support/leaving.js';
import { refund, RunningGate } from '../support/running-gate.js';
import { scratchFolder } from '../support/scratch.js';
import { ToldOutcomes, type Ask } from '../support/told-outcomes.js';
import { forgetWrongClocks, wrongBy } from '../support/wrong-clock.js';

/*
 * Services on machines whose clocks are an hour wrong, some ahead and some behind. The database's clock decides, so nothing
 * happens early, nothing late, and nobody is let in or refused for it.
 */

const some: ServiceName[] = ['registry', 'approvals', 'audit'];
const others: ServiceName[] = ['intake', 'policy', 'credentials', 'notifier'];
const arrangements: [string, ServiceName[], ServiceName[]][] = [
  ['approvals behind, credentials ahead', others, some],
  ['approvals ahead, credentials behind', some, others],
];
/** What a loop that looks at the clock, and the way to the one who hears it, may take. */
const leewayMs = 4_000;
const patience = { withinMs: 30_000, everyMs: 25 };

describe.each(arrangements.slice(0, rounds({ quick: 1, deep: 2 })))('an hour: %s', (_, ahead, behind) => {
  const leaving = new Leaving();
  let gate: RunningGate;
  let told: ToldOutcomes;
  let policyConfig: string;

  beforeAll(async () => {
    const scratch = leaving.add(scratchFolder('clocks'), (folder) => folder.remove());
    policyConfig = join(scratch.dir, 'policy.json');
    setApprovalSeconds(14_400);
    const wrong = [
      ...ahead.map((name) => [name, wrongBy('+1h')] as const),
      ...behind.map((name) => [name, wrongBy('-1h')] as const),
    ];
    const services = Object.fromEntries(wrong);
    const policy = { ...services['policy'], SALLYPORT_POLICY_CONFIG_FILE: policyConfig };
    const wish = { dir: scratch.dir, agents: 1, services: { ...services, policy } };
    gate = leaving.add(await RunningGate.start(wish), (one) => one.stop());
    const bus = leaving.add(await Bus.connect(gate.brokers), (one) => one.stop());
    told = leaving.add(await ToldOutcomes.follow(gate, bus), (one) => one.stop());
  }, 180_000);

  afterAll(async () => {
    await leaving.all();
    forgetWrongClocks();
  }, 90_000);

  function setApprovalSeconds(approval_ttl_s: number): void {
    const config = JSON.parse(readFileSync(join(root, 'policies/config.json'), 'utf8')) as { defaults: object };
    writeFileSync(policyConfig, JSON.stringify({ ...config, defaults: { ...config.defaults, approval_ttl_s } }));
  }

  async function asked(amountMinor: number, ttlSeconds = 300): Promise<Ask> {
    const agent = gate.agent();
    const wish = refund(amountMinor);
    const access = { profile: 'refunds', ttl_seconds: ttlSeconds, uses: 1 };
    return { agent, ticket: await agent.sdk.ask({ ...wish, requested_access: access }) };
  }

  /** When it was told, by a clock that is right. */
  function heard(ask: Ask, outcome: string): Promise<{ at: number; expiresAt: number }> {
    return eventually(() => {
      const one = told.of(ask).find(({ value }) => value.outcome === outcome);
      if (one === undefined) throw new Error(`${outcome} is not told, but ${told.codesOf(ask).join(', ')}`);
      return { at: Date.now(), expiresAt: new Date(one.value.approval?.expires_at ?? 0).getTime() };
    }, patience);
  }

  it('their clocks are wrong', async () => {
    const hours = async (name: ServiceName): Promise<[ServiceName, number]> => {
      const { headers } = await fetch(`${gate.world.serviceUrl(name)}/healthz`);
      return [name, Math.round((Date.parse(headers.get('date') ?? '') - Date.now()) / 3_600_000)];
    };
    const all = [...ahead.map((name) => [name, 1]), ...behind.map((name) => [name, -1])];
    expect(await Promise.all([...ahead, ...behind].map(hours))).toEqual(all);
  });

  it('a request is decided, collected, used and given back as ever, and its times are true', async () => {
    const ask = await asked(10_000);
    const { at, expiresAt } = await heard(ask, 'pending');
    expect(Math.abs(expiresAt - at - 14_400_000)).toBeLessThan(leewayMs);
    await gate.approved('fiona', ask.ticket.actionId);
    const offer = await eventually(() => told.leaseOf(ask) ?? Promise.reject(new Error('no offer')), patience);
    const lease = await ask.agent.sdk.redeem(ask.ticket, offer);
    await lease.complete();
    await heard(ask, 'ended');
    expect(told.codesOf(ask)).toEqual(['pending/approval_required', 'offered/approved', 'released/released', 'ended/completed']);
  }, 60_000); // prettier-ignore

  it('a person’s sign-in is good for exactly as long as it says', async () => {
    const doors: [ServiceName, string, string][] = [
      ['approvals', 'fiona', '/v1/approvals'],
      ['credentials', 'sam', '/v1/kill-switch'],
      ['registry', 'rita', '/v1/agents'],
      ['audit', 'aldo', '/v1/entries?action=agents:refunder-0'],
    ];
    const now = Math.floor(Date.now() / 1_000);
    const statusOf = async (claims: Record<string, number>) =>
      Promise.all(
        doors.map(async ([service, person, path]) => {
          const base = gate.world.serviceUrl(service);
          const authorization = `Bearer ${await gate.issuer.token(person, base, claims)}`;
          return `${service} ${String((await fetch(base + path, { headers: { authorization } })).status)}`;
        }),
      );
    const all = (status: number): string[] => doors.map(([service]) => `${service} ${String(status)}`);
    expect(await statusOf({ iat: now, exp: now + 60 })).toEqual(all(200));
    expect(await statusOf({ iat: now - 300, exp: now - 15 })).toEqual(all(401));
    expect(await statusOf({ iat: now + 60, exp: now + 300 })).toEqual(all(401));
  });

  it('a request for people ends at its deadline, and not a moment before', async () => {
    setApprovalSeconds(2);
    const { ask, expiresAt } = await eventually(async () => {
      const one = await asked(10_000);
      const pending = await heard(one, 'pending');
      expect(pending.expiresAt - pending.at).toBeLessThan(3_000);
      return { ask: one, ...pending };
    }, patience);
    const { at } = await heard(ask, 'expired');
    expect(at - expiresAt).toBeGreaterThanOrEqual(0);
    expect(at - expiresAt).toBeLessThan(leewayMs);
    expect((await gate.approve('fiona', ask.ticket.actionId)).status).toBe(410);
  }, 60_000);

  it('a credential ends at its time, and works until then', async () => {
    const ask = await asked(100, 2);
    const offer = await eventually(() => told.leaseOf(ask) ?? Promise.reject(new Error('no offer')), patience);
    const from = Date.now();
    await ask.agent.sdk.redeem(ask.ticket, offer);
    await heard(ask, 'released');
    const { at } = await heard(ask, 'ended');
    expect(at - from).toBeGreaterThanOrEqual(2_000);
    expect(at - from).toBeLessThan(2_000 + leewayMs);
    expect(told.codesOf(ask).at(-1)).toBe('ended/ttl');
  }, 60_000);
});
