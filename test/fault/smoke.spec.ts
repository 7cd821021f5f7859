import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { refund, RunningGate } from '../support/running-gate.js';
import { scratchFolder } from '../support/scratch.js';

let gate: RunningGate;
const scratch = scratchFolder('smoke');
beforeAll(async () => {
  gate = await RunningGate.start({ dir: scratch.dir, agents: 2 });
}, 120_000);
afterAll(async () => {
  await gate?.stop();
}, 60_000);

it('flows', async () => {
  const { sdk } = gate.agent(0);
  const ticket = await sdk.ask(refund(1000));
  const status = await sdk.wait(ticket);
  expect(status.state).toBe('offered');
  const lease = await sdk.redeem(ticket, status.lease!);
  console.log(lease);
}, 60_000);
it('is approved', async () => {
  const { sdk } = gate.agent(1);
  const ticket = await sdk.ask(refund(10_000));
  const pending = await sdk.wait(ticket, { until: ({ state }) => state === 'pending' });
  console.log(pending);
  const vote = await gate.approve('fiona', ticket.actionId);
  console.log(vote.status, await vote.text());
  const status = await sdk.wait(ticket);
  expect(status.state).toBe('offered');
}, 60_000);
