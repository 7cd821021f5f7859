import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import pg from 'pg';
import { approvalStreamEvent, type ApprovalStreamEvent, approvalAnswer } from '#contracts';
import { agentId, agentOf } from '../../apps/approvals/src/core/plan.fixture.js';
import { judge, plans } from '../../apps/approvals/src/gate.fixture.js';
import { eventually } from '../support/eventually.js';
import { ApprovalsWorld } from './approvals-world.js';

const world = new ApprovalsWorld();

const personOf = (id: string, state: 'active' | 'inactive' = 'active') => ({
  identities: [{ iss: world.issuer, sub: id }], name: id, limits: [], state,
}); // prettier-ignore

beforeAll(async () => {
  await world.start();
  for (const id of ['anna', 'ben', 'nobody', 'sam', 'leaver']) await world.register('people', id, personOf(id));
  await world.register('groups', 'dba', {
    members: ['anna', 'ben', 'leaver'],
    channel: { mail: 'people@example.test' },
  });
  await world.register('groups', 'soc-lead', { members: ['sam'], channel: { mail: 'people@example.test' } });
  await world.register('agents', agentId, agentOf().spec);
  // What the registry announces is on another topic than what is asked: wait until this service has heard it.
  const first = await ask();
  for (const id of ['anna', 'ben', 'leaver', 'sam']) await eventually(() => isListed(first, id));
}, 60_000);

async function isListed(actionId: string, by: string): Promise<void> {
  const { body } = await world.call(by, 'GET', '/v1/approvals?state=open&each=true');
  expect(JSON.stringify(body)).toContain(actionId);
}

afterAll(() => world.remove(), 30_000);

beforeEach(() => {
  world.judgement = (accepted) => judge(world.gate, accepted, { purpose: 'vote', outcome: 'allow', plan: undefined });
});

interface Listening {
  status: number;
  events: ApprovalStreamEvent[];
  /** Of the last event that carried one. */
  place: () => string | undefined;
  leave: () => void;
  over: Promise<void>;
}

const open: Listening[] = [];

afterEach(async () => {
  for (const one of open) one.leave();
  await Promise.all(open.splice(0).map(({ over }) => over));
});

async function listen(
  by: string,
  { last, seconds = 60 }: { last?: string | undefined; seconds?: number } = {},
): Promise<Listening> {
  const leaving = new AbortController();
  const authorization = `Bearer ${await world.token(by, world.url)}`;
  const headers = { authorization, ...(last !== undefined && { 'last-event-id': last }) };
  const path = `/v1/approvals/stream?max_seconds=${String(seconds)}`;
  const response = await fetch(`${world.url}${path}`, { headers, signal: leaving.signal });
  const events: ApprovalStreamEvent[] = [];
  let place = last;
  const read = async (): Promise<void> => {
    if (response.status !== 200) await response.text();
    if (response.body === null || response.status !== 200) return;
    const frames = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
    for await (const { data, id } of frames) {
      place = id ?? place;
      events.push(approvalStreamEvent.parse(JSON.parse(data)));
    }
  };
  const over = read().catch((error: unknown) => {
    if (!leaving.signal.aborted) throw error;
  });
  const listening = { status: response.status, events, place: () => place, leave: () => { leaving.abort(); }, over }; // prettier-ignore
  open.push(listening);
  return listening;
}

/** An approval that has arrived. */
async function ask(): Promise<string> {
  const actionId = await world.ask(plans.one());
  await eventually(() => {
    expect(world.of(actionId)).toContain('approval.opened');
  });
  return actionId;
}

async function deny(actionId: string, by = 'anna'): Promise<void> {
  const { body } = await world.call(by, 'GET', `/v1/approvals/${actionId}`);
  const vote = world.signed(by, approvalAnswer.parse(body), { decision: 'deny', reason: 'no' });
  expect((await world.call(by, 'POST', `/v1/approvals/${actionId}/votes`, vote)).status).toBe(200);
}

const opened = (id: string) => ({ type: 'opened', id, version: 1 });
const denied = (id: string) => ({ type: 'denied', id, version: expect.any(Number) });
const hears = (who: Listening, events: object[]) =>
  eventually(() => {
    expect(who.events).toEqual(events);
  });

describe('GET /v1/approvals/stream', () => {
  it('tells people of the plan’s groups and overseers what changes, others nothing', async () => {
    const [anna, nobody, sam] = [await listen('anna'), await listen('nobody'), await listen('sam')];
    const id = await ask();
    await hears(anna, [opened(id)]);
    await deny(id);
    await hears(anna, [opened(id), denied(id)]);
    await hears(sam, [opened(id), denied(id)]);
    expect(nobody.events).toEqual([]);
  });

  it('tells whoever was given a seat what changes from then on', async () => {
    const nobody = await listen('nobody');
    const id = await ask();
    const { body } = await world.call('anna', 'GET', `/v1/approvals/${id}`);
    const { decision, progress } = approvalAnswer.parse(body);
    const said = { to: 'nobody', until: progress.deadline_at, reason: 'on leave' };
    const given = world.ballots.delegation({ iss: world.issuer, sub: 'anna' }, decision, said);
    expect((await world.call('anna', 'POST', `/v1/approvals/${id}/delegate`, given)).status).toBe(200);
    await hears(nobody, [{ type: 'changed', id, version: 2 }]);
    await deny(id, 'nobody');
    await hears(nobody, [{ type: 'changed', id, version: 2 }, denied(id)]);
  });

  it('tells who comes back where each thing stands that changed meanwhile, once', async () => {
    const before = await listen('anna');
    const first = await ask();
    await hears(before, [opened(first)]);
    before.leave();
    await before.over;
    const second = await ask();
    await deny(first);
    const after = await listen('anna', { last: before.place() });
    await eventually(() => {
      expect(after.events).toEqual(expect.arrayContaining([opened(second), denied(first)]));
    });
    expect(after.events).toHaveLength(2);
    await deny(second);
    await eventually(() => {
      expect(after.events.at(-1)).toEqual(denied(second));
    });
  });

  it('misses nothing of a transaction that commits late', async () => {
    const slow = await ask();
    const anna = await listen('anna');
    const client = new pg.Client({ connectionString: world.databaseUrl });
    await client.connect();
    await client.query('BEGIN');
    await client.query('UPDATE approvals.approval SET version = version + 1 WHERE action_id = $1', [slow]);
    const quick = await ask();
    // It waits for the older one: had it been told now, with its place, the older one would lie behind that place.
    const other = await listen('ben');
    await client.query('COMMIT');
    await client.end();
    const both = [{ type: 'changed', id: slow, version: 2 }, opened(quick)];
    await eventually(() => {
      expect(anna.events).toEqual(expect.arrayContaining(both));
    });
    await eventually(() => {
      expect(other.events).toEqual(expect.arrayContaining(both));
    });
    await deny(slow);
    await deny(quick);
  });

  it.each(['99999999999999', 'nonsense', '-1', ''])(
    'has who comes with the place %j read the list again',
    async (last) => {
      const anna = await listen('anna', { last });
      await hears(anna, [{ type: 'reset' }]);
    },
  );

  it('ends when its time is up, and for a person who is not active any more', async () => {
    const brief = await listen('anna', { seconds: 1 });
    const leaver = await listen('leaver');
    await brief.over;
    await world.register('people', 'leaver', personOf('leaver', 'inactive'), 2);
    await leaver.over;
    expect((await listen('leaver')).status).toBe(403);
  });

  it('is given to one person six times at once', async () => {
    const six = await Promise.all(Array.from({ length: 6 }, () => listen('ben')));
    expect(six.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    expect((await listen('ben')).status).toBe(429);
    expect((await listen('anna')).status).toBe(200);
    six[0]?.leave();
    await eventually(async () => {
      expect((await listen('ben')).status).toBe(200);
    });
  });

  it('takes no other question', async () => {
    expect((await world.call('anna', 'GET', '/v1/approvals/stream?max_seconds=0')).code).toBe('schema_mismatch');
    expect((await world.call('anna', 'GET', '/v1/approvals/stream?since=1')).code).toBe('schema_mismatch');
  });
});
