import type { Play, Scene } from '../play.js';
import { migrate } from '../requests.js';

const story = 'database-brokered';

export const brokeredStory: Scene[] = [
  { story, title: 'the gate runs the approved statement itself; the agent never holds a credential', play: approved },
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

function holdsCredential(lease: { credential: unknown }): boolean {
  try {
    return lease.credential !== undefined;
  } catch {
    return false;
  }
}
