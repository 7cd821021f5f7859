import { explanation, widthsAnswer } from '#contracts';
import type { Play, Scene } from '../play.js';
import { migrate } from '../requests.js';

const story = 'database-brokered';

export const brokeredStory: Scene[] = [
  { story, title: 'the gate runs the approved statement itself; the agent never holds a credential', play: approved },
  {
    story,
    title: 'people see what the target says that a statement would touch, before it touches anything',
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
  const statement = `UPDATE orders SET currency = currency WHERE id = 'ord-17'`;
  const asked = migrate({ column: 'none', profile: 'orders-ddl-run' });
  const agent = await on.agent('migrator');
  const action = { ...asked.action, properties: { statement } };
  const { ticket } = await agent.askAndSee({ ...asked, action });
  const { decision } = await on.person('dana').read(ticket.actionId);
  const fact = decision.facts.find(({ name }) => name === 'context.explain');
  const said = explanation.parse(fact?.value);
  on.must('who says it', fact?.source, 'target:shop-database');
  on.must('what it would touch', said.explained && [said.rows, said.steps[0]], [1, 'Update on public.orders, 1 rows']);
  await on.person('dana').approve(ticket.actionId);
  const lease = await agent.redeem(ticket);
  on.must('what it has touched', lease.result?.row_count, 1);
  await lease.complete();
  const { wide } = await on.person('aldo').call('credentials', '/v1/profiles/width', widthsAnswer);
  on.must('profiles that are wider than they need to be', wide, []);
}

function holdsCredential(lease: { credential: unknown }): boolean {
  try {
    return lease.credential !== undefined;
  } catch {
    return false;
  }
}
