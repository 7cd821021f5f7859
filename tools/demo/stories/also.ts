import { generatePrivateJwk, isOver, newActionId } from '#sdk';
import { Agent, refusal } from '../actors/agent.js';
import { callTool } from '../actors/use-lease.js';
import type { Play, Scene } from '../play.js';
import { withPolicy } from '../policy-config.js';
import { migrate, refund } from '../requests.js';

const scene = (story: string, title: string, play: Scene['play']): Scene => ({ story, title, play });

/** What must not work, and what becomes of it. */
export const also: Scene[] = [
  scene('silence', 'nobody decides: it expires, and is nobody’s no', silence),
  scene('cancel', 'the agent takes its request back', cancel),
  scene('own-chain', 'the person who answers for an agent does not decide its requests', ownChain),
  scene('id-conflict', 'the same id with other bytes is refused, and the first request stands', idConflict),
  scene('digest-mismatch', 'another digest at redeem is refused, and the lease is unharmed', digestMismatch),
  scene('other-arguments', 'a tool that is told to run something else refuses', otherArguments),
  scene('suspended', 'a suspended agent gets nothing more, and loses what it was offered', suspended),
  scene('wrong-key', 'a signature by a key that nobody registered is refused', wrongKey),
  scene('second-redeem', 'a lease is collected once', secondRedeem),
];

async function silence(on: Play): Promise<void> {
  const agent = await on.agent('refunder');
  const short = { approval_ttl_s: 3 };
  await withPolicy(on.stage, (config) => ({ ...config, defaults: { ...config.defaults, ...short } }), async () => {
    const { ticket } = await agent.askAndSee(refund(20_000));
    const over = await agent.sees(ticket, ({ state }) => isOver(state));
    on.must('how it ended', [over.state, over.code], ['expired', 'approval_expired']);
  });
} // prettier-ignore

async function cancel(on: Play): Promise<void> {
  const agent = await on.agent('refunder');
  const { ticket } = await agent.askAndSee(refund(20_000));
  await agent.client.cancel(ticket);
  const over = await agent.sees(ticket, ({ state }) => isOver(state));
  on.must('how it ended', [over.state, over.code], ['cancelled', 'agent_cancelled']);
  const late = await on.refused(() => on.person('fiona').approve(ticket.actionId));
  on.must('a vote that comes late', late, 'already_decided');
}

async function ownChain(on: Play): Promise<void> {
  const agent = await on.agent('refunder');
  const { ticket } = await agent.askAndSee(refund(20_000));
  on.must('its owner votes', await on.refused(() => on.person('olga').approve(ticket.actionId)), 'not_eligible/owner');
  await on.person('fiona').deny(ticket.actionId, 'The order was never returned');
  const over = await agent.sees(ticket, ({ state }) => isOver(state));
  on.must('how it ended', [over.state, over.code], ['denied', 'person_denied']);
}

async function idConflict(on: Play): Promise<void> {
  const agent = await on.agent('refunder');
  const id = newActionId();
  const ticket = await agent.ask(refund(1_000), id);
  await agent.ask(refund(1_000), id);
  const code = await refusal(() => agent.client.ask(refund(2_000), id));
  on.tell({ step: 'refused', action_id: id, code });
  on.must('other bytes', code, 'id_conflict');
  await payWith(on, agent, ticket);
  on.must('what was paid', (await on.observer.payment(id))?.amount_minor, 1_000);
}

async function digestMismatch(on: Play): Promise<void> {
  const agent = await on.agent('refunder');
  const { ticket, status } = await agent.askAndSee(refund(1_000));
  const other = { ...ticket, actionDigest: `sha256:${'A'.repeat(43)}` };
  const offer = status.lease;
  if (offer === undefined) throw new Error('nothing is offered');
  const code = await refusal(() => agent.client.redeem(other, offer));
  on.tell({ step: 'refused', action_id: ticket.actionId, code });
  on.must('another digest', code, 'digest_mismatch');
  await payWith(on, agent, ticket);
}

async function otherArguments(on: Play): Promise<void> {
  const agent = await on.agent('refunder');
  const { ticket } = await agent.askAndSee(refund(1_000));
  const lease = await agent.redeem(ticket);
  const used = await callTool(lease, { amount_minor: 99_000 });
  on.tell({ step: 'refused', action_id: ticket.actionId, code: used.code });
  on.must('the tool', used, { ok: false, code: 'digest_mismatch' });
  await lease.complete();
  on.must('what was paid', await on.observer.paidBy(agent.id), 0);
}

async function suspended(on: Play): Promise<void> {
  const agent = await on.agent('migrator');
  const { ticket } = await agent.askAndSee(migrate({ column: `never_${on.mark}` }));
  await on.person('dana').approve(ticket.actionId);
  const { lease } = await agent.sees(ticket, ({ state }) => state === 'offered');
  await on.person('sam').suspend(agent.id, 'It behaves oddly');
  on.tell({ step: 'sam suspended the agent' });
  const offer = lease ?? { id: ticket.actionId, redeem_url: '', offer_expires_at: '', profile: '', mode: 'role' };
  const code = await refusal(() => agent.client.redeem(ticket, offer));
  on.tell({ step: 'refused', action_id: ticket.actionId, code });
  on.must('redeem', code, 'agent_suspended');
  const over = await agent.sees(ticket, ({ state }) => isOver(state));
  on.must('how it ended', [over.state, over.code], ['cancelled', 'agent_suspended']);
  const again = await refusal(() => agent.client.ask(migrate({ column: `never_${on.mark}` })));
  on.must('asking again', again, 'agent_suspended');
}

async function wrongKey(on: Play): Promise<void> {
  const agent = await on.agent('refunder');
  const thief = new Agent({ ...agent.file, signing_key: generatePrivateJwk('Ed25519') }, on.tell);
  const code = await refusal(() => thief.client.ask(refund(1_000)));
  on.tell({ step: 'refused', code });
  on.must('the answer', code, 'key_unknown');
}

async function secondRedeem(on: Play): Promise<void> {
  const agent = await on.agent('refunder');
  const { ticket, status } = await agent.askAndSee(refund(1_000));
  const lease = await agent.redeem(ticket);
  const offer = status.lease;
  if (offer === undefined) throw new Error('nothing is offered');
  const code = await refusal(() => agent.client.redeem(ticket, offer));
  on.tell({ step: 'refused', action_id: ticket.actionId, code });
  on.must('the second time', code, 'already_redeemed');
  on.must('the tool', await callTool(lease), { ok: true });
  const used = await callTool(lease);
  on.must('the token a second time', used, { ok: false, code: 'already_used' });
  await lease.complete();
}

async function payWith(on: Play, agent: Agent, ticket: Parameters<Agent['redeem']>[0]): Promise<void> {
  const lease = await agent.redeem(ticket);
  on.must('the tool', await callTool(lease), { ok: true });
  await lease.complete();
  on.tell({ step: 'acted', action_id: ticket.actionId });
}
