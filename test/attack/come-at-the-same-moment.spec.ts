import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ServiceName } from '#platform';
import type { AgentKey } from '#contracts';
import { generatePrivateJwk, makeProof, publicPart, signingKey, thumbprint, type PrivateJwk } from '#trust';
import { root } from '../../tools/world/place.js';
import { Bus } from '../support/bus.js';
import { rounds, seed } from '../support/depth.js';
import { eventually } from '../support/eventually.js';
import { inLanes } from '../support/lanes.js';
import { Offsets, Racer, randomFrom, type Answer, type Call } from '../support/race.js';
import { Leaving } from '../support/leaving.js';
import { refund, RunningGate } from '../support/running-gate.js';
import { scratchFolder } from '../support/scratch.js';
import { ToldOutcomes, type Ask } from '../support/told-outcomes.js';

/*
 * Two sides start from a barrier in processes of their own, with a seeded offset of -20 to +20 ms. Every round has exactly
 * one winner, and in the full count each side wins at least one round in ten: else nothing was raced.
 */

const count = rounds({ quick: 20, deep: 200 });
const agents = 10;
const random = randomFrom(seed('races'));
const patience = { withinMs: 60_000, everyMs: 25 };
const approvalSeconds = 3;

let gate: RunningGate;
let bus: Bus;
let told: ToldOutcomes;
let racers: [Racer, Racer];
/** One more key of each agent. */
const secondKeys = Array.from({ length: agents }, () => generatePrivateJwk('P-256'));
const leaving = new Leaving();
const scratch = leaving.add(scratchFolder('race'), (folder) => folder.remove());
const policyConfig = join(scratch.dir, 'policy.json');

beforeAll(async () => {
  setApprovalSeconds(14_400);
  const policy = { SALLYPORT_POLICY_CONFIG_FILE: policyConfig };
  gate = leaving.add(await RunningGate.start({ dir: scratch.dir, agents, services: { policy } }), (one) => one.stop());
  await Promise.all(secondKeys.map((key, n) => addKey(gate.agent(n).id, key)));
  bus = leaving.add(await Bus.connect(gate.brokers), (one) => one.stop());
  told = leaving.add(await ToldOutcomes.follow(gate, bus), (one) => one.stop());
  const racer = async (): Promise<Racer> => leaving.add(await Racer.start(), (one) => one.stop());
  racers = [await racer(), await racer()];
}, 180_000);

afterAll(async () => {
  await leaving.all();
}, 90_000);

function addKey(agentId: string, key: PrivateJwk): Promise<void> {
  const listed = { ...publicPart(key), kid: thumbprint(key), use: 'sig' } as AgentKey;
  return gate.change('agents', agentId, (spec) => ({ ...spec, jwks: { keys: [...spec.jwks.keys, listed] } }));
}

function setApprovalSeconds(approval_ttl_s: number): void {
  const config = JSON.parse(readFileSync(join(root, 'policies/config.json'), 'utf8')) as { defaults: object };
  writeFileSync(policyConfig, JSON.stringify({ ...config, defaults: { ...config.defaults, approval_ttl_s } }));
}

async function asked(round: number, amountMinor: number): Promise<Ask> {
  const agent = gate.agent(round % agents);
  const ticket = await eventually(() => agent.sdk.ask(refund(amountMinor)), patience);
  const ask = { agent, ticket };
  const first = amountMinor > 5_000 ? 'pending' : 'offered';
  await eventually(() => {
    expect(told.namesOf(ask)).toContain(first);
  }, patience);
  return ask;
}

async function redeemCall(ask: Ask, by: PrivateJwk = ask.agent.signing): Promise<Call> {
  const offer = told.leaseOf(ask);
  if (offer === undefined) throw new Error('no offer');
  // Any answer brings a nonce, also the refusal of a call without a proof.
  const nonce = (await fetch(offer.redeem_url, { method: 'POST' })).headers.get('dpop-nonce') ?? '';
  const body = JSON.stringify({ action_digest: ask.ticket.actionDigest });
  const key = signingKey(by);
  const dpop = makeProof({ key, htm: 'POST', htu: offer.redeem_url, nonce, body });
  return { method: 'POST', url: offer.redeem_url, headers: { dpop, 'content-type': 'application/json' }, body };
}

async function personCall(person: string, service: ServiceName, path: string, body: unknown): Promise<Call> {
  const call = { method: 'POST', body: JSON.stringify(body) };
  const signed = await gate.headersOf(person, service, { ...call, path });
  const headers = { ...signed, 'content-type': 'application/json' };
  return { ...call, url: gate.world.serviceUrl(service) + path, headers };
}

async function voteCall(person: string, { ticket }: Ask): Promise<Call> {
  const path = `/v1/approvals/${ticket.actionId}`;
  const body = await gate.voteOf(person, ticket.actionId);
  return personCall(person, 'approvals', `${path}/votes`, body);
}

const isYes = ({ status }: Answer): boolean => status === 200;

/** Both sides from one barrier. */
async function race(offsets: Offsets, first: readonly Call[], second: readonly Call[]): Promise<[Answer[], Answer[]]> {
  const at = Date.now() + 60 + Math.max(0, -offsets.centre);
  return Promise.all([racers[0].at(at, first), racers[1].at(at + offsets.next(), second)]);
}

async function isOver(ask: Ask): Promise<string> {
  await eventually(() => {
    expect(told.terminalOf(ask)).toHaveLength(1);
  }, patience);
  return told.codesOf(ask).join(' ');
}

async function repeat(
  what: string,
  round: (n: number, offsets: Offsets) => Promise<'first' | 'second'>,
): Promise<void> {
  const offsets = new Offsets(random);
  for (let n = 0; n < count; n += 1) offsets.won(await round(n, offsets));
  judge(what, offsets);
}

function judge(what: string, { wins }: Offsets): void {
  console.info(`${what}: ${wins.first} to ${wins.second} in ${count} rounds`);
  expect(wins.first + wins.second).toBe(count);
  const least = rounds({ quick: 0, deep: count / 10 });
  expect(Math.min(wins.first, wins.second)).toBeGreaterThanOrEqual(least);
}

describe('one winner per round', () => {
  const time = 60_000 + count * 6_000;

  it('of two last votes', () => repeat('fiona against felix', async (n, offsets) => {
    const ask = await asked(n, 10_000);
    const calls = await Promise.all([voteCall('fiona', ask), voteCall('felix', ask)]);
    const [[fiona], [felix]] = (await race(offsets, [calls[0]], [calls[1]])) as [[Answer], [Answer]];
    expect([fiona, felix].filter(isYes)).toHaveLength(1);
    const loser = isYes(fiona) ? felix : fiona;
    expect(loser).toMatchObject({ status: 409, body: expect.stringContaining('already_decided') });
    await eventually(() => {
      expect(told.namesOf(ask)).toStrictEqual(['pending', 'offered']);
    }, patience);
    return isYes(fiona) ? 'first' : 'second';
  }), time); // prettier-ignore

  it('of eight redeems, four with each of two keys of one agent', () => repeat('four redeems against four', async (n, offsets) => {
    const ask = await asked(n, 100);
    const second = secondKeys[n % agents];
    if (second === undefined) throw new Error('no second key');
    const calls = (key?: PrivateJwk) => Promise.all(Array.from({ length: 4 }, () => redeemCall(ask, key)));
    const answers = await race(offsets, await calls(), await calls(second));
    const [winner, loser] = answers[0].some(isYes) ? answers : answers.toReversed();
    // One credential: whoever has the same key gets this very one, or comes in the middle of its making.
    const given = winner?.filter(isYes) ?? [];
    expect(new Set(given.map(({ body }) => body)).size).toBe(1);
    for (const { status, body } of winner ?? [])
      expect(`${status} ${body}`).toMatch(/^(?:200 |503 .*dependency_unavailable)/u);
    for (const { status, body } of loser ?? []) expect(`${status} ${body}`).toMatch(/^410 .*already_redeemed/u);
    await eventually(() => {
      expect(told.namesOf(ask)).toStrictEqual(['offered', 'released']);
    }, patience);
    return answers[0].some(isYes) ? 'first' : 'second';
  }), time); // prettier-ignore

  it('of withdraw against redeem', () => repeat('redeem against withdraw', async (n, offsets) => {
    const ask = await asked(n, 10_000);
    await gate.approved('fiona', ask.ticket.actionId);
    await eventually(() => {
      expect(told.leaseOf(ask)).toBeDefined();
    }, patience);
    const path = `/v1/approvals/${ask.ticket.actionId}/withdraw`;
    const calls = await Promise.all([redeemCall(ask), personCall('felix', 'approvals', path, { reason: 'no longer' })]);
    const [[redeemed], [withdrawn]] = (await race(offsets, [calls[0]], [calls[1]])) as [[Answer], [Answer]];
    expect(withdrawn.status).toBe(200);
    const ends = await isOver(ask);
    // In the middle of the mint: what was made is taken back and was never delivered.
    if (isYes(redeemed)) expect(ends).toMatch(/offered\/approved released\/released ended\/withdrawn$/u);
    else expect(ends).toMatch(/offered\/approved (?:cancelled\/withdrawn|refused\/mint_failed)$/u);
    return isYes(redeemed) ? 'first' : 'second';
  }), time); // prettier-ignore

  it('of suspend against redeem', () => repeat('redeem against suspend', async (n, offsets) => {
    const ask = await asked(n, 100);
    const path = `/v1/agents/${ask.agent.id}`;
    const reason = { reason: 'strange' };
    const calls = await Promise.all([redeemCall(ask), personCall('sam', 'registry', `${path}/suspend`, reason)]);
    const [[redeemed], [suspended]] = (await race(offsets, [calls[0]], [calls[1]])) as [[Answer], [Answer]];
    expect(suspended.status).toBe(200);
    const ends = await isOver(ask);
    if (isYes(redeemed)) expect(ends).toBe('offered/policy_allowed released/released ended/agent_suspended');
    else expect(ends).toMatch(/^offered\/policy_allowed (?:cancelled\/agent_suspended|refused\/(?:mint_failed|policy_changed))$/u); // prettier-ignore
    const resumed = await gate.as('rita', 'registry', `${path}/resume`, { method: 'POST', body: reason });
    expect(resumed.status).toBe(200);
    return isYes(redeemed) ? 'first' : 'second';
  }), time); // prettier-ignore

  it('of expiry against approval', async () => {
    const offsets = new Offsets(random);
    setApprovalSeconds(approvalSeconds);
    await eventually(async () => {
      expect(await leftOf(await asked(0, 10_000))).toBeLessThan(approvalSeconds * 1_000);
    }, patience);
    for (let done = 0; done < count; done += agents) {
      const sides = await inLanes(Array.from({ length: agents }), agents, (_, n) => expireOrApprove(n, offsets));
      for (const side of sides) offsets.won(side);
    }
    judge('expiry against approval', offsets);
  }, time); // prettier-ignore

  /** One side is the clock of approvals itself: the vote starts around the deadline. */
  async function expireOrApprove(n: number, offsets: Offsets): Promise<'first' | 'second'> {
    const ask = await asked(n, 10_000);
    const call = await voteCall('fiona', ask);
    const deadline = Date.now() + (await leftOf(ask));
    const [vote] = (await racers[1].at(deadline + offsets.next(), [call])) as [Answer];
    await eventually(() => {
      expect(told.namesOf(ask)).toHaveLength(2);
    }, patience);
    const after = isYes(vote) ? 'offered/approved' : 'expired/approval_expired';
    expect(told.codesOf(ask)[1]).toBe(after);
    expect(`${vote.status} ${vote.body}`).toMatch(
      isYes(vote) ? /^200 / : /^(?:410 .*expired|409 .*already_decided|503 .*dependency_unavailable)/u,
    );
    return isYes(vote) ? 'second' : 'first';
  }

  async function leftOf(ask: Ask): Promise<number> {
    const pending = told.of(ask).find(({ value }) => value.outcome === 'pending');
    return new Date(pending?.value.approval?.expires_at ?? 0).getTime() - Date.now();
  }
});
