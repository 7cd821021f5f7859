import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { topics } from '#contracts';
import { serviceNames } from '#platform';
import pg from 'pg';
import { Bus } from '../support/bus.js';
import { eventually } from '../support/eventually.js';
import { Leaving } from '../support/leaving.js';
import { refund, RunningGate } from '../support/running-gate.js';
import { scratchFolder } from '../support/scratch.js';
import { askAtOnce, ToldOutcomes, type Ask } from '../support/told-outcomes.js';

/*
 * Every topic is read again from its first record, by every service, after everything has come to rest. What was heard
 * before must change nothing: no row of any service, no lease, no message to people, no leaf, no outcome.
 */

let gate: RunningGate;
let bus: Bus;
let told: ToldOutcomes;
const leaving = new Leaving();
const scratch = leaving.add(scratchFolder('replay'), (folder) => folder.remove());
const patience = { withinMs: 60_000, everyMs: 100 };

/** Rows that live by the clock and not by what is heard: signs of life, timers, and proofs that were seen. */
const byTheClock = new Set(['timers', 'proof_jti']);

beforeAll(async () => {
  gate = leaving.add(await RunningGate.start({ dir: scratch.dir, agents: 3 }), (one) => one.stop());
  bus = leaving.add(await Bus.connect(gate.brokers), (one) => one.stop());
  told = leaving.add(await ToldOutcomes.follow(gate, bus), (one) => one.stop());
}, 180_000);

afterAll(async () => {
  await leaving.all();
}, 90_000);

async function areTold(asks: readonly Ask[], outcome: string): Promise<void> {
  await eventually(() => {
    for (const ask of asks) expect(told.namesOf(ask)).toContain(outcome);
  }, patience);
}

/** Actions in every state that a replay could disturb. */
async function actionsOfAllKinds(): Promise<void> {
  const own = await askAtOnce(
    gate,
    bus,
    Array.from({ length: 12 }, () => refund(1_000)),
  );
  const forPeople = await askAtOnce(
    gate,
    bus,
    Array.from({ length: 8 }, () => refund(10_000)),
  );
  const unreadable = await askAtOnce(gate, bus, [{ ...refund(1), action: { name: 'payment.invent', properties: {} } }]);
  await Promise.all([areTold(own, 'offered'), areTold(forPeople, 'pending'), areTold(unreadable, 'rejected')]);
  // The last two are of one agent, which changes the facts of its own other requests by ending one.
  const [a, b, c, , , d] = forPeople as [Ask, Ask, Ask, Ask, Ask, Ask];
  for (const { ticket } of [a, b]) await gate.approved('fiona', ticket.actionId);
  const no = await gate.voteOf('felix', c.ticket.actionId, { decision: 'deny', reason: 'not this one' });
  await gate.as('felix', 'approvals', `/v1/approvals/${c.ticket.actionId}/votes`, { method: 'POST', body: no });
  await d.agent.sdk.cancel(d.ticket);
  await Promise.all([areTold([a, b], 'offered'), areTold([c], 'denied'), areTold([d], 'cancelled')]);
  const collected = [...own.slice(0, 4), a];
  for (const ask of collected) {
    const offer = told.leaseOf(ask);
    const lease = offer && (await ask.agent.sdk.redeem(ask.ticket, offer));
    if (ask !== own[0]) await lease?.complete();
  }
  await areTold(collected.slice(1), 'ended');
}

const groups = (): string[] => serviceNames.filter((name) => name !== 'registry').map((name) => `sallyport.${name}`);

/** What a group has not yet read, or not yet said to have read. */
async function behind(groupId: string): Promise<string[]> {
  const committed = await bus.admin.fetchOffsets({ groupId });
  const lags = committed.map(async ({ topic, partitions }) => {
    const ends = new Map((await bus.admin.fetchTopicOffsets(topic)).map(({ partition, high }) => [partition, high]));
    return partitions
      .filter(({ partition, offset }) => ends.get(partition) !== '0' && ends.get(partition) !== offset)
      .map(
        ({ partition, offset }) => `${groupId}: ${topic}/${partition} at ${offset} of ${ends.get(partition) ?? '?'}`,
      );
  });
  return (await Promise.all(lags)).flat();
}

/** Everything is read, committed, sent and mailed. */
async function isAtRest(): Promise<void> {
  await eventually(async () => {
    for (const groupId of groups()) {
      expect(await bus.admin.fetchOffsets({ groupId })).not.toHaveLength(0);
      expect(await behind(groupId)).toStrictEqual([]);
    }
    expect(await asAdmin(unsentSql)).toStrictEqual([]);
    expect(await asAdmin(`SELECT kind FROM notifier.messages WHERE state = 'waiting'`)).toStrictEqual([]);
  }, patience);
}

const unsentSql = serviceNames.map((name) => `SELECT id FROM ${name}.outbox`).join(' UNION ALL ');

async function asAdmin<R extends pg.QueryResultRow>(sql: string, params: unknown[] = []): Promise<R[]> {
  const client = new pg.Client({ connectionString: gate.world.adminUrl });
  await client.connect();
  try {
    return (await client.query<R>(sql, params)).rows;
  } finally {
    await client.end();
  }
}

/** A hash over all rows of each table of each service, beside their number. */
async function everyTable(): Promise<Record<string, string>> {
  const tables = await asAdmin<{ schema: string; name: string }>(
    `SELECT table_schema AS schema, table_name AS name FROM information_schema.tables
     WHERE table_schema = ANY($1) AND table_type = 'BASE TABLE' ORDER BY 1, 2`,
    [serviceNames],
  );
  const seen: Record<string, string> = {};
  for (const { schema, name } of tables.filter((table) => !byTheClock.has(table.name))) {
    const [row] = await asAdmin<{ rows: string; hash: string }>(
      `SELECT count(*) AS rows, md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '')) AS hash FROM ${schema}."${name}" t`,
    );
    seen[`${schema}.${name}`] = `${row?.rows ?? ''} rows ${row?.hash ?? ''}`;
  }
  return seen;
}

async function treeSize(): Promise<string | undefined> {
  const note = await (await fetch(`${gate.world.serviceUrl('audit')}/v1/log/checkpoint`)).text();
  return note.split('\n')[1];
}

async function fromTheBeginning(): Promise<void> {
  await Promise.all(serviceNames.map((name) => gate.world.stop(name)));
  // A group that is unknown to the broker starts with the first record of each topic.
  await bus.admin.deleteGroups(groups());
  await gate.world.startServices();
}

it('changes nothing to hear everything again from the beginning', async () => {
  await actionsOfAllKinds();
  await isAtRest();
  // The newest checkpoint is signed some seconds after the last leaf.
  const leaves = async (): Promise<string> => String((await asAdmin<{ size: string }>('SELECT size FROM audit.head'))[0]?.size); // prettier-ignore
  await eventually(async () => {
    expect(await treeSize()).toBe(await leaves());
  }, patience);
  const [tables, size, outcomes] = [await everyTable(), await treeSize(), await bus.read(topics.outcomes)];
  const sent = gate.postOffice.mails;
  expect(sent).toBeGreaterThanOrEqual(8);
  expect(Number(size)).toBeGreaterThan(60);
  await fromTheBeginning();
  await isAtRest();
  expect(await everyTable()).toStrictEqual(tables);
  expect(await treeSize()).toBe(size);
  expect(await bus.read(topics.outcomes)).toHaveLength(outcomes.length);
  expect(gate.postOffice.mails).toBe(sent);
}, 240_000);
