import { explanation, widthsAnswer } from '#contracts';
import type { BrokeredResult, Ticket } from '#sdk';
import type { Agent } from '../actors/agent.js';
import type { Play, Scene } from '../play.js';
import { migrate } from '../requests.js';

const story = 'database-brokered';

export const brokeredStory: Scene[] = [
  { story, title: 'the gate runs the approved statement itself; the agent never holds a credential', play: approved },
  {
    story,
    title: 'people see what the target says that a statement would read, before it runs; what changes rows has no plan',
    play: explained,
  },
];

async function approved(on: Play): Promise<void> {
  const column = `ran_${on.mark}`;
  const roles = await on.observer.roles();
  const agent = await on.agent('migrator');
  const { ticket } = await agent.askAndSee(migrate({ column, profile: 'orders-ddl-run' }));
  on.must('before anybody decided', await on.observer.hasColumn('orders', column), false);
  await on.person('dana').approve(ticket.actionId);
  on.tell({ step: 'dana approved', action_id: ticket.actionId });
  const lease = await agent.redeem(ticket);
  on.must('what the agent holds', [lease.result?.kind, lease.result?.rows, holdsCredential(lease)], ['result', [], false]); // prettier-ignore
  on.must('the column', await on.observer.hasColumn('orders', column), true);
  on.must('roles that are left', await on.observer.roles(), roles);
  await lease.complete();
  const ended = await agent.sees(ticket, ({ state }) => state === 'ended');
  on.must('how it ended', ended.code, 'completed');
}

async function explained(on: Play): Promise<void> {
  const reads = await askedToRun(on, `SELECT currency FROM orders WHERE id = 'ord-17'`);
  on.must('who says it', reads.fact?.source, 'target:shop-database');
  const { said } = reads;
  on.must('what it would read', said.explained && [said.rows, said.steps.join().includes('on public.orders')], [
    1,
    true,
  ]);
  on.must('what it has read', (await runApproved(on, reads))?.rows, [['EUR']]);
  const changes = await askedToRun(on, `UPDATE orders SET currency = currency WHERE id = 'ord-17'`);
  on.must('who says that there is no plan', changes.fact?.source, 'parser:postgresql');
  on.must('why: who explains may not write', changes.said, { explained: false, why: 'changes_rows' });
  on.must('what it has touched', (await runApproved(on, changes))?.row_count, 1);
  const { wide } = await on.person('aldo').call('credentials', '/v1/profiles/width', widthsAnswer);
  on.must('profiles that are wider than they need to be', wide, []);
}

/** Asks for this one statement; with what dana is shown about it. */
async function askedToRun(on: Play, statement: string) {
  const asked = migrate({ column: 'none', profile: 'orders-ddl-run' });
  const action = { ...asked.action, properties: { statement } };
  const agent = await on.agent('migrator');
  const { ticket } = await agent.askAndSee({ ...asked, action });
  const { decision } = await on.person('dana').read(ticket.actionId);
  const fact = decision.facts.find(({ name }) => name === 'context.explain');
  return { agent, ticket, fact, said: explanation.parse(fact?.value) };
}

async function runApproved(
  on: Play,
  { agent, ticket }: { agent: Agent; ticket: Ticket },
): Promise<BrokeredResult | undefined> {
  await on.person('dana').approve(ticket.actionId);
  const lease = await agent.redeem(ticket);
  await lease.complete();
  return lease.result;
}

function holdsCredential(lease: { credential: unknown }): boolean {
  try {
    return lease.credential !== undefined;
  } catch {
    return false;
  }
}
