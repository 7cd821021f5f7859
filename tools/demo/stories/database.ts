import { isOver } from '#sdk';
import { openSession } from '../actors/use-lease.js';
import type { Play, Scene } from '../play.js';
import { withPolicy } from '../policy-config.js';
import { migrate } from '../requests.js';

const story = 'database';

export const databaseStory: Scene[] = [
  { story, title: 'inside the window one administrator decides, the column appears and the role goes', play: inWindow },
  { story, title: 'outside the window two decide; what one takes back is not released', play: outside },
  { story, title: 'a claimed window that is not the open one is denied', play: otherWindow },
  { story, title: 'without a rollback plan there is nothing to decide', play: noPlan },
  { story, title: 'a production profile is of no use in staging, whoever lets it pass', play: staging },
  { story, title: 'access that is taken back is cut: no new login, no open session', play: cut },
];

/** A claim for the window that is open. */
const plan = (column: string, window: string): Record<string, string> => ({
  ticket: 'CHG-1042',
  rollback_plan: `ALTER TABLE orders DROP COLUMN ${column}`,
  window_id: window,
});

const columnOf = (on: Play, name: string): string => `${name}_${on.mark}`;

async function inWindow(on: Play): Promise<void> {
  const column = columnOf(on, 'note');
  const roles = await on.observer.roles();
  const agent = await on.agent('migrator');
  const program = on.run(agent, migrate({ column, change: plan(column, 'cw-today') }));
  const { action_id } = await program.line('pending');
  const dana = on.person('dana');
  const { decision } = await dana.read(action_id);
  on.must('who decides', decision.stages.map(({ group, quorum }) => [group, quorum]), [['dba', 1]]); // prettier-ignore
  const points = decision.stages[0]?.confirmations.map(({ id, fact }) => [id, fact !== undefined]);
  on.must('points beside facts', points, [['rollback_plan', true], ['scope', true], ['window', true]]); // prettier-ignore
  on.must('one point left out', await on.refused(() => dana.approve(action_id, ['scope', 'window'])), 'confirmation_missing'); // prettier-ignore
  on.must('nothing happened', await on.observer.hasColumn('orders', column), false);
  await dana.approve(action_id);
  on.tell({ step: 'dana approved', action_id });
  const ended = await program.line('ended');
  on.must('how it ended', ended.code, 'completed');
  on.must('the column', await on.observer.hasColumn('orders', column), true);
  on.must('roles that are left', await on.observer.roles(), roles);
}

async function outside(on: Play): Promise<void> {
  const agent = await on.agent('migrator');
  const { ticket } = await agent.askAndSee(migrate({ column: columnOf(on, 'tax'), resource: 'prod/invoices' }));
  const [dana, dimitri] = [on.person('dana'), on.person('dimitri')];
  on.must('after one', (await dana.approve(ticket.actionId)).state, 'open');
  on.must('the same again', await on.refused(() => dana.approve(ticket.actionId)), 'not_eligible/already_voted');
  on.must('after two', (await dimitri.approve(ticket.actionId)).state, 'granted');
  await agent.sees(ticket, ({ state }) => state === 'offered');
  await dana.withdraw(ticket.actionId, 'The window was moved');
  on.tell({ step: 'dana took it back', action_id: ticket.actionId });
  const over = await agent.sees(ticket, ({ state }) => isOver(state));
  on.must('how it ended', [over.state, over.code], ['cancelled', 'withdrawn']);
}

async function otherWindow(on: Play): Promise<void> {
  const column = columnOf(on, 'never');
  const agent = await on.agent('migrator');
  const { status } = await agent.askAndSee(migrate({ column, change: plan(column, 'cw-next-month') }));
  on.must('the answer', [status.state, status.code], ['denied', 'claim_contradicts_fact']);
}

async function noPlan(on: Play): Promise<void> {
  const agent = await on.agent('migrator');
  const { status } = await agent.askAndSee(migrate({ column: columnOf(on, 'never'), change: { ticket: 'CHG-1' } }));
  on.must('the answer', [status.state, status.code], ['denied', 'policy_denied']);
}

async function staging(on: Play): Promise<void> {
  const agent = await on.agent('stager');
  const asked = migrate({ column: columnOf(on, 'never'), resource: 'staging/orders' });
  const { status } = await agent.askAndSee(asked);
  on.must('policy says', [status.state, status.code], ['denied', 'policy_denied']);
  await withPolicy(on.stage, (config) => ({ ...config, rules: { ...config.rules, 'XENV-001': { mode: 'off' } } }), async () => {
    const { ticket } = await agent.askAndSee(asked);
    const over = await agent.sees(ticket, ({ state }) => isOver(state));
    on.must('credentials says', [over.state, over.code], ['refused', 'profile_mismatch']);
  });
} // prettier-ignore

async function cut(on: Play): Promise<void> {
  const roles = await on.observer.roles();
  const agent = await on.agent('migrator');
  const { ticket } = await agent.askAndSee(migrate({ column: columnOf(on, 'never') }));
  await on.person('dana').approve(ticket.actionId);
  const { credential } = await agent.redeem(ticket);
  const session = await openSession(credential);
  try {
    await session.query('SELECT 1');
    on.tell({ step: 'session open', action_id: ticket.actionId });
    await on.person('dana').withdraw(ticket.actionId, 'Wrong table');
    const over = await agent.sees(ticket, ({ state }) => isOver(state));
    on.must('how it ended', [over.state, over.code], ['ended', 'withdrawn']);
    on.must('a new login', await fails(() => openSession(credential)), true);
    on.must('the open session', await fails(() => session.query('SELECT 1')), true);
    on.must('roles that are left', await on.observer.roles(), roles);
  } finally {
    await session.end().catch(() => undefined);
  }
}

async function fails(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return false;
  } catch {
    return true;
  }
}
