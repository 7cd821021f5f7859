import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { pullAnswer, releaseAnswer } from '#contracts';
import { Bus } from '../support/bus.js';
import { eventually } from '../support/eventually.js';
import { Leaving } from '../support/leaving.js';
import { refund, RunningGate } from '../support/running-gate.js';
import { scratchFolder } from '../support/scratch.js';
import { ToldOutcomes, type Ask } from '../support/told-outcomes.js';

const patience = { withinMs: 60_000 };
const door = '/v1/kill-switch';

let gate: RunningGate;
let told: ToldOutcomes;
const leaving = new Leaving();
const scratch = leaving.add(scratchFolder('switch'), (folder) => folder.remove());

beforeAll(async () => {
  gate = leaving.add(await RunningGate.start({ dir: scratch.dir, agents: 1 }), (one) => one.stop());
  const bus = leaving.add(await Bus.connect(gate.brokers), (one) => one.stop());
  told = leaving.add(await ToldOutcomes.follow(gate, bus), (one) => one.stop());
  await gate.put('groups', 'security-officers', { members: ['fiona', 'felix'], channel: {} });
}, 180_000);

afterAll(async () => {
  await leaving.all();
}, 90_000);

async function offered(): Promise<Ask> {
  const agent = gate.agent();
  const ask = { agent, ticket: await eventually(() => agent.sdk.ask(refund(1_000)), patience) };
  await eventually(() => {
    expect(told.namesOf(ask)).toContain('offered');
  }, patience);
  return ask;
}

async function post(person: string, path: string, body: object): Promise<unknown> {
  const answer = await gate.as(person, 'credentials', path, { method: 'POST', body });
  expect(answer.status).toBe(202);
  return answer.json();
}

it('the kill switch of a whole gate: agents are told, audit logs it, and after two have released it agents get offers again', async () => {
  const ask = await offered();
  const { id } = pullAnswer.parse(
    await post('fiona', door, { scope: 'action', id: 'payment.refund', reason: 'drill' }),
  );
  await eventually(() => {
    expect(told.codesOf(ask)).toEqual(['offered/policy_allowed', 'cancelled/kill_switch']);
  }, patience);
  await post('fiona', `${door}/${id}/release`, { reason: 'it is over' });
  const last = await post('felix', `${door}/${id}/release`, { reason: 'it is over' });
  expect(releaseAnswer.parse(last)).toEqual({ id, released: true, waits_for: 0 });
  await offered();
  await eventually(async () => {
    const entries = await gate.as('aldo', 'audit', `/v1/entries?action=kill-switch:${id}`);
    const leaves = (await entries.text()).trim().split('\n');
    const said = leaves.map((line) => {
      const { value } = JSON.parse(line) as { value: string };
      const { state, by } = JSON.parse(Buffer.from(value, 'base64').toString('utf8')) as { state: string; by: string };
      return `${state} by ${by}`;
    });
    expect(said).toEqual(['pulled by fiona', 'release_asked by fiona', 'released by felix']);
  }, patience);
}, 180_000);
