import { expect } from '@jest/globals';
import { actionAccepted, killSwitchChanged, reviewOpened, topics, type DataOf } from '#contracts';
import type { Asked, Lease, OfferedLease, Ticket } from '#sdk';
import { newActionId } from '#sdk';
import { Keyring } from '#trust';
import { AgentCredentials } from '../support/agent-credentials.js';
import type { Bus, BusRecord } from '../support/bus.js';
import { declareIncident, quarantine } from '../support/emergency.js';
import { EnrolledKey } from '../support/enrolled-key.js';
import { eventually } from '../support/eventually.js';
import { refund, type RunningGate, type TestAgent } from '../support/running-gate.js';

/** A person who may decide refunds. */
export const approver = 'fiona';

/** What one agent has at the gate: something at each point of its life, for every act that could end it. */
export interface Things {
  agent: TestAgent;
  toVote: Ticket;
  /** The vote that `approver` would cast on it, whole. */
  vote: string;
  toWithdraw: Ticket;
  toStop: Ticket;
  toCancel: Ticket;
  offered: { ticket: Ticket; offer: OfferedLease };
  released: { ticket: Ticket; lease: Lease };
}

/** The agent that tries (`own`), another one, and what an emergency rule let through. */
export interface Stage {
  gate: RunningGate;
  bus: Bus;
  own: Things;
  other: Things;
  credentials: AgentCredentials;
  review: string;
  /** A pull of the kill switch in force, for an agent that has nothing; and that agent. */
  pull: { id: string; agentId: string };
  /** Of `approver`. */
  securityKey: EnrolledKey;
  /** What approvals would show policy to judge again. */
  evidence: DataOf<typeof actionAccepted>['request'];
  /** What stood on the topics of the gate before anybody tried anything. */
  said: ReadonlySet<string>;
}

export async function setTheStage(gate: RunningGate, bus: Bus): Promise<Stage> {
  await declareIncident(gate);
  const emergency = await byEmergencyRule(gate);
  const [own, other] = await Promise.all([thingsOf(gate, gate.agent(0)), thingsOf(gate, gate.agent(1))]);
  await gate.put('groups', 'spare', { members: [], channel: {} });
  const review = await reviewOf(gate, emergency);
  const pull = await pulled(gate);
  const expected = new Map([own, other].flatMap(expectedOf)).set(emergency.actionId, 1);
  const said = await eventually(async () => {
    const records = await lifecycle(bus);
    expect(unsettled(records, expected)).toEqual([]);
    return new Set(records.map(placeOf));
  });
  const evidence = evidenceOf(await bus.read(topics.actions), other.toVote.actionId);
  const securityKey = await EnrolledKey.of(gate, approver);
  return { gate, bus, own, other, credentials: credentialsOf(gate, own), review, pull, securityKey, evidence, said };
}

function credentialsOf(gate: RunningGate, { agent, released }: Things): AgentCredentials {
  const { credential } = released.lease;
  if (credential.kind !== 'token') throw new TypeError('refunds are released as tokens');
  return new AgentCredentials({
    gate,
    agent,
    token: credential.token,
    signedRequest: agent.sdk.sign(refund(1), `${gate.world.serviceUrl('intake')}/v1/actions`).signature,
    serviceKid: keyringOf(gate, 'approvals').keyFor('service').kid,
    person: approver,
  });
}

/** The private keys of a service: what no agent can hold, for the callers that are rightful. */
export function keyringOf({ world, trust }: RunningGate, service: string): Keyring {
  return Keyring.read(world.files.keys(trust.gate).keysFile(service));
}

async function thingsOf(gate: RunningGate, agent: TestAgent): Promise<Things> {
  const [toVote, toWithdraw, toStop, toCancel] = (await Promise.all(
    Array.from({ length: 4 }, () => waiting(agent)),
  )) as [Ticket, Ticket, Ticket, Ticket];
  const offered = await offer(agent, refund(1_000));
  const taken = await offer(agent, refund(1_100));
  const released = { ticket: taken.ticket, lease: await agent.sdk.redeem(taken.ticket, taken.offer) };
  const vote = JSON.stringify(await gate.voteOf(approver, toVote.actionId));
  return { agent, toVote, vote, toWithdraw, toStop, toCancel, offered, released };
}

async function waiting({ sdk }: TestAgent): Promise<Ticket> {
  const ticket = await sdk.ask(refund(10_000));
  const { state } = await sdk.wait(ticket, { until: (status) => status.state !== 'accepted' });
  expect(state).toBe('pending');
  return ticket;
}

async function offer({ sdk }: TestAgent, asked: Asked): Promise<Things['offered']> {
  const ticket = await sdk.ask(asked, newActionId());
  const { state, lease } = await sdk.wait(ticket);
  if (lease === undefined) throw new Error(`${asked.action.name} is ${state}`);
  return { ticket, offer: lease };
}

/** Policy hears of the incident a little later than it is declared. */
async function byEmergencyRule(gate: RunningGate): Promise<Ticket> {
  const { sdk } = gate.agent(0);
  return eventually(async () => {
    const ticket = await sdk.ask(quarantine);
    const { code } = await sdk.wait(ticket, { until: ({ state }) => state !== 'accepted' });
    expect(code).toBe('emergency_rule');
    return ticket;
  });
}

async function reviewOf(gate: RunningGate, { actionId }: Ticket): Promise<string> {
  return eventually(async () => {
    const answer = await gate.as('sam', 'approvals', '/v1/reviews');
    const { reviews } = (await answer.json()) as { reviews: { review_id: string; action_id: string }[] };
    const due = reviews.find(({ action_id }) => action_id === actionId);
    if (due === undefined) throw new Error('no review is due');
    return due.review_id;
  });
}

async function pulled(gate: RunningGate): Promise<Stage['pull']> {
  await gate.put('groups', 'security-officers', { members: ['sam', 'dana'], channel: {} });
  const agentId = gate.agent(2).id;
  const body = { scope: 'agent', id: agentId, reason: 'a drill' };
  const answer = await gate.as('sam', 'credentials', '/v1/kill-switch', { method: 'POST', body });
  const { id } = (await answer.json()) as { id: string };
  return { id, agentId };
}

/** How often the gate has something to tell about each action on the way to where it stands. */
function expectedOf({ toVote, toWithdraw, toStop, toCancel, offered, released }: Things): [string, number][] {
  const once = [toVote, toWithdraw, toStop, toCancel, offered.ticket].map(({ actionId }): [string, number] => [
    actionId,
    1,
  ]);
  return [...once, [released.ticket.actionId, 2]];
}

/** Where only services speak: what stands here has happened. */
const spoken = [topics.actions, topics.decisions, topics.approvals, topics.leases, topics.outcomes, topics.registry];

export async function lifecycle(bus: Bus): Promise<BusRecord[]> {
  const read: BusRecord[] = [];
  for (const topic of spoken) read.push(...(await bus.read(topic)));
  return read;
}

export const placeOf = ({ topic, partition, offset }: BusRecord): string => `${topic}/${String(partition)}/${offset}`;

/** What is still on its way to the topics: the last word on each action, the review, the pull, and the groups. */
function unsettled(records: readonly BusRecord[], expected: ReadonlyMap<string, number>): string[] {
  const told = records.filter(({ topic }) => topic === topics.outcomes).map(({ key }) => key);
  const late = [...expected].filter(([action, count]) => told.filter((key) => key === action).length < count);
  const isReviewOpen = records.some(({ headers }) => headers['ce_type'] === reviewOpened.type);
  const isPulled = records.some(({ headers }) => headers['ce_type'] === killSwitchChanged.type);
  const registered = new Set(records.filter(({ topic }) => topic === topics.registry).map(({ key }) => key));
  return [
    ...late.map(([action]) => action),
    ...(isReviewOpen ? [] : [reviewOpened.type]),
    ...(isPulled ? [] : [killSwitchChanged.type]),
    ...['groups:spare', 'groups:security-officers'].filter((key) => !registered.has(key)),
  ];
}

function evidenceOf(records: readonly BusRecord[], actionId: string): Stage['evidence'] {
  const found = records.find(({ key, headers }) => key === actionId && headers['ce_type'] === actionAccepted.type);
  return actionAccepted.data.parse(JSON.parse(found?.value ?? 'null')).request;
}
