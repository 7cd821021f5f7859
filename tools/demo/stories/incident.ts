import type { ActionStatus, Ticket } from '#sdk';
import { callTool } from '../actors/use-lease.js';
import type { Agent } from '../actors/agent.js';
import type { Play, Scene } from '../play.js';
import { quarantine } from '../requests.js';

const story = 'incident';

export const incidentStory: Scene[] = [
  { story, title: 'without an incident the lead of the operations centre decides', play: byLead },
  { story, title: 'during a declared incident it is released at once, told, and reviewed before the rule is used again', play: emergency }, // prettier-ignore
];

async function byLead(on: Play): Promise<void> {
  const agent = await on.agent('defender');
  const program = on.run(agent, quarantine('workloads/web-8'));
  const { action_id } = await program.line('pending');
  await on.person('sonia').approve(action_id);
  on.tell({ step: 'sonia approved', action_id });
  await program.line('ended');
  on.must('the flag', await on.observer.quarantinedBy('workloads/web-8'), action_id);
}

async function emergency(on: Play): Promise<void> {
  const agent = await on.agent('defender');
  const incident = `INC-${on.mark}`;
  const [sam, sonia] = [on.person('sam'), on.person('sonia')];
  await closeAll(on);
  const ends = new Date(Date.now() + 600_000).toISOString();
  await sam.register('incidents', incident, {
    severity: 'sev1',
    playbook: 'contain-workload',
    actions: ['workload.quarantine'],
    resources: ['workloads/web-7'],
    ends_at: ends,
  });
  on.tell({ step: 'sam declared an incident' });
  try {
    const { ticket } = await untilReleased(on, agent);
    await contain(on, agent, ticket);
    await reviewBlocks(on, agent, ticket);
  } finally {
    await sonia.remove('incidents', incident);
    await closeAll(on);
  }
}

/** The declared incident reaches policy through the bus; until then people are asked. */
async function untilReleased(on: Play, agent: Agent): Promise<{ ticket: Ticket; status: ActionStatus }> {
  let last: { ticket: Ticket; status: ActionStatus } | undefined;
  await on.becomes(
    'released by the emergency rule',
    async () => {
      last = await agent.askAndSee(quarantine('workloads/web-7'));
      if (last.status.state === 'pending') await agent.client.cancel(last.ticket);
      return last.status.code;
    },
    'emergency_rule',
  );
  if (last === undefined) throw new Error('nothing was asked');
  return last;
}

async function contain(on: Play, agent: Agent, ticket: Ticket): Promise<void> {
  const lease = await agent.redeem(ticket);
  const seconds = (Date.parse(lease.expiresAt) - Date.now()) / 1_000;
  on.must('short', seconds <= 300, true);
  on.must('the tool', await callTool(lease), { ok: true });
  await lease.complete();
  on.must('the flag', await on.observer.quarantinedBy('workloads/web-7'), ticket.actionId);
  await on.becomes('mail at once', () => mailAbout(on, ticket.actionId), true);
  await on.becomes('webhook at once', () => webhookAbout(on, ticket.actionId), true);
}

async function reviewBlocks(on: Play, agent: Agent, ticket: Ticket): Promise<void> {
  const [sam, sonia] = [on.person('sam'), on.person('sonia')];
  const second = await agent.askAndSee(quarantine('workloads/web-7'));
  on.must('while the review is open', second.status.state, 'pending');
  await agent.client.cancel(second.ticket);
  const review = (await sonia.reviews()).reviews.find(({ action_id }) => action_id === ticket.actionId);
  const id = review?.review_id ?? '';
  on.must('the review', [review?.state, review?.rule], ['open', 'EMERG-001']);
  const own = await on.refused(() => sam.closeReview(id, 'my own incident'));
  on.must('the declarer closes it', own?.startsWith('not_eligible'), true);
  await sonia.closeReview(id, 'The workload was compromised');
  on.tell({ step: 'sonia closed the review', action_id: ticket.actionId });
  const third = await untilReleased(on, agent);
  on.must('after the review', third.status.code, 'emergency_rule');
}

/** A review that an earlier play or somebody at the screen left open would keep the rule from firing. */
async function closeAll(on: Play): Promise<void> {
  const sonia = on.person('sonia');
  const open = (await sonia.reviews()).reviews.filter(({ state }) => state === 'open');
  for (const { review_id } of open) await sonia.closeReview(review_id, 'Closed before the demo is played');
}

async function mailAbout(on: Play, actionId: string): Promise<boolean> {
  const { messages } = (await readJson(`${on.stage.mailbox_url}/messages`)) as { messages: { text: string; to: string[] }[] }; // prettier-ignore
  return messages.some(({ text, to }) => text.includes(actionId) && to.includes('soc@demo.example'));
}

async function webhookAbout(on: Play, actionId: string): Promise<boolean> {
  const { messages } = (await readJson(`${on.stage.webhook_url}/messages`)) as { messages: unknown[] };
  return messages.some((message) => JSON.stringify(message).includes(actionId));
}

async function readJson(url: string): Promise<unknown> {
  return (await fetch(url, { signal: AbortSignal.timeout(5_000) })).json();
}
