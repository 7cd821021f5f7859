// A demo agent: asks for one thing, waits, acts with what it gets, gives it back, and prints a line of JSON for each step. It can be
// stopped and started again at any time: the request keeps its id.
import { GateError, isOver, type ActionStatus, type Asked, type Ticket, type WaitOptions } from '#sdk';
import { z } from 'zod';
import { agentFile, clientOf } from '../agent-files.js';
import { useLease } from '../actors/use-lease.js';
import { configuration } from './program.js';

const settings = configuration(
  z.strictObject({
    agent: agentFile,
    asked: z.custom<Asked>(),
    /** Kept by whoever starts this agent, so that a second start goes on with the same request. */
    action_id: z.string(),
    wait_seconds: z.int().positive(),
  }),
);

const agent = clientOf(settings.agent);

function tell(step: string, more: { outcome?: string | undefined; code?: string | undefined } = {}): void {
  const line = { step, action_id: settings.action_id, ...more, at: new Date().toISOString() };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

const waitedFor = (until?: WaitOptions['until']): WaitOptions => ({
  timeoutMs: settings.wait_seconds * 1_000,
  ...(until && { until }),
});

async function run(): Promise<void> {
  const ticket = await agent.ask(settings.asked, settings.action_id);
  tell('asked');
  const known = await agent.wait(
    ticket,
    waitedFor(({ state }) => state !== 'accepted'),
  );
  tell(known.state, { outcome: known.state, code: known.code });
  const settled = known.state === 'pending' ? await agent.wait(ticket, waitedFor()) : known;
  if (settled !== known) tell(settled.state, { outcome: settled.state, code: settled.code });
  if (settled.state === 'offered' && settled.lease !== undefined) await act(ticket, settled.lease);
}

async function act(ticket: Ticket, offer: NonNullable<ActionStatus['lease']>): Promise<void> {
  const lease = await agent.redeem(ticket, offer);
  tell('redeemed', { outcome: 'released' });
  try {
    const used = await useLease(lease, settings.asked);
    tell(used.ok ? 'acted' : 'failed', { code: used.code });
  } finally {
    await lease.complete();
  }
  const ended = await agent.wait(
    ticket,
    waitedFor(({ state }) => isOver(state)),
  );
  tell(ended.state, { outcome: ended.state, code: ended.code });
}

try {
  await run();
} catch (error) {
  if (!(error instanceof GateError)) throw error;
  tell('failed', { code: error.code });
  process.exitCode = 1;
}
