import type { Play, Scene } from '../play.js';
import { pythonAgent } from '../python.js';
import { refund } from '../requests.js';

const story = 'payment';

/** Only where Python and its libraries are there. */
export const pythonScenes: Scene[] = [
  { story, title: 'an agent in Python, without our SDK, is allowed and pays', play: small },
  { story, title: 'an agent in Python waits for a person and pays', play: above },
];

async function small(on: Play): Promise<void> {
  const program = on.run(await on.agent('refunder'), refund(1_200), pythonAgent);
  const ended = await program.line('ended');
  on.must('how it ended', ended.code, 'completed');
  on.must('the payment row', (await on.observer.payment(ended.action_id))?.amount_minor, 1_200);
}

async function above(on: Play): Promise<void> {
  const program = on.run(await on.agent('refunder'), refund(30_000), pythonAgent);
  const { action_id } = await program.line('pending');
  await on.person('fiona').approve(action_id);
  on.tell({ step: 'fiona approved', action_id });
  await program.line('ended');
  on.must('the payment row', (await on.observer.payment(action_id))?.amount_minor, 30_000);
}
