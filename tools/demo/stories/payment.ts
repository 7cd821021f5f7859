import { isOver } from '#sdk';
import { callTool } from '../actors/use-lease.js';
import type { Agent } from '../actors/agent.js';
import type { Play, Scene } from '../play.js';
import { refund } from '../requests.js';

const story = 'payment';
/** Just under what the demo's refunder may pay at once; ten of them are under what it may pay in a day. */
const underLimit = 4_900;
const daily = 50_000;

export const paymentStory: Scene[] = [
  { story, title: 'a refund under the agent’s limit is paid at once', play: small },
  { story, title: 'above it a person of finance with the authority decides', play: above },
  {
    story,
    title: 'while one waits for people its agent pays others, and the vote and the redeem still count',
    play: whileBusy,
  },
  { story, title: 'far above it two directors decide, and never one of them twice', play: farAbove },
  { story, title: 'twenty refunds at once never exceed what the agent may pay in a day', play: allAtOnce },
  { story, title: 'nor do twenty one after another, each completed', play: oneByOne },
];

async function small(on: Play): Promise<void> {
  const agent = await on.agent('refunder');
  const program = on.run(agent, refund(2_500));
  const { action_id } = await program.line('ended');
  on.must('how it ended', program.lines.at(-1)?.code, 'completed');
  on.must('asked nobody', program.lines.some(({ step }) => step === 'pending'), false); // prettier-ignore
  await paid(on, action_id, 2_500);
}

async function above(on: Play): Promise<void> {
  const agent = await on.agent('refunder');
  const program = on.run(agent, refund(20_000));
  const { action_id } = await program.line('pending');
  const { decision } = await on.person('fiona').read(action_id);
  on.must('who decides', decision.stages.map(({ group, quorum, min_limit }) => [group, quorum, min_limit?.amount_minor]), [['finance', 1, 20_000]]); // prettier-ignore
  on.must('too little authority', await on.refused(() => on.person('felix').approve(action_id)), 'not_eligible/limit_too_low'); // prettier-ignore
  await on.person('fiona').approve(action_id);
  on.tell({ step: 'fiona approved', action_id });
  await program.line('ended');
  await paid(on, action_id, 20_000);
}

/** What else an agent pays changes nothing about a request that people look at, neither before the vote nor after it. */
async function whileBusy(on: Play): Promise<void> {
  const agent = await on.agent('refunder');
  const { ticket } = await agent.askAndSee(refund(20_000));
  const fiona = on.person('fiona');
  const { decision, view_digest } = await fiona.read(ticket.actionId);
  on.must('the amount as people write it', decision.headline.includes('200.00 EUR'), true);
  on.must('paid before the vote', await payIfAllowed(agent), true);
  on.must('the same view', (await fiona.read(ticket.actionId)).view_digest, view_digest);
  on.must('one vote is enough', (await fiona.approve(ticket.actionId)).state, 'granted');
  on.tell({ step: 'fiona approved', action_id: ticket.actionId });
  on.must('paid before the redeem', await payIfAllowed(agent), true);
  const lease = await agent.redeem(ticket);
  on.must('called', (await callTool(lease)).ok, true);
  await lease.complete();
  await paid(on, ticket.actionId, 20_000);
}

async function farAbove(on: Play): Promise<void> {
  const agent = await on.agent('refunder');
  const program = on.run(agent, refund(1_500_000));
  const { action_id } = await program.line('pending');
  const greta = on.person('greta');
  const { decision } = await greta.read(action_id);
  on.must('who decides', decision.stages.map(({ group, quorum }) => [group, quorum]), [['finance-directors', 2]]); // prettier-ignore
  on.must('after one', (await greta.approve(action_id)).state, 'open');
  on.tell({ step: 'greta approved', action_id });
  on.must('the same again', await on.refused(() => greta.approve(action_id)), 'not_eligible/already_voted');
  on.must('after two', (await on.person('gustav').approve(action_id)).state, 'granted');
  on.tell({ step: 'gustav approved', action_id });
  await program.line('ended');
  await paid(on, action_id, 1_500_000);
}

async function allAtOnce(on: Play): Promise<void> {
  const agent = await on.agent('refunder');
  const results = await Promise.all(Array.from({ length: 20 }, () => payIfAllowed(agent)));
  await neverMore(on, agent, results);
}

async function oneByOne(on: Play): Promise<void> {
  const agent = await on.agent('refunder');
  const results: boolean[] = [];
  for (let n = 0; n < 20; n += 1) results.push(await payIfAllowed(agent));
  await neverMore(on, agent, results);
}

/** Pays where nobody need be asked; where people are asked, the request is taken back. */
async function payIfAllowed(agent: Agent): Promise<boolean> {
  const { ticket, status } = await agent.askAndSee(refund(underLimit));
  if (status.state === 'pending') {
    await agent.client.cancel(ticket);
    return false;
  }
  const lease = await agent.redeem(ticket);
  const { ok } = await callTool(lease);
  await lease.complete();
  await agent.sees(ticket, ({ state }) => isOver(state));
  return ok;
}

async function neverMore(on: Play, agent: Agent, paidFor: boolean[]): Promise<void> {
  const sum = await on.observer.paidBy(agent.id);
  on.must('paid at the target', sum, paidFor.filter(Boolean).length * underLimit);
  on.must('as much as the limit allows', sum, Math.floor(daily / underLimit) * underLimit);
}

async function paid(on: Play, actionId: string, amount: number): Promise<void> {
  const row = { order_id: 'ord-17', amount_minor: amount, currency: 'EUR' };
  on.must('the payment row', await on.observer.payment(actionId), row);
}
