import { pullAnswer, pullsAnswer, releaseAnswer } from '#contracts';
import { saidOfPull, saidOfRelease, showPulls } from '../core/show-pulls.js';
import type { Gate } from '../io/gate.js';
import type { Output } from '../io/output.js';

const door = '/v1/kill-switch';

/** Works without Kafka and approvals, and needs the registry: who may pull is read there at that moment. */
export async function pullSwitch(
  gate: Gate,
  output: Output,
  pull: { scope: string; id?: string; reason: string },
): Promise<void> {
  const answer = await gate.call('credentials', door, pullAnswer, { method: 'POST', body: pull });
  output.result(answer, saidOfPull(answer, pull));
}

export async function showSwitch(gate: Gate, output: Output): Promise<void> {
  const answer = await gate.call('credentials', door, pullsAnswer);
  output.result(answer, showPulls(answer));
}

export async function releaseSwitch(gate: Gate, output: Output, ask: { id: string; reason: string }): Promise<void> {
  const path = `${door}/${encodeURIComponent(ask.id)}/release`;
  const answer = await gate.call('credentials', path, releaseAnswer, { method: 'POST', body: { reason: ask.reason } });
  output.result(answer, saidOfRelease(answer));
}
