import { ceremonyAnswer, pullAnswer, pullsAnswer, releaseAnswer, type PullAnswer } from '#contracts';
import { saidOfPull, saidOfRelease, showPulls } from '../core/show-pulls.js';
import { Refused } from '../io/failures.js';
import type { Gate } from '../io/gate.js';
import type { Output } from '../io/output.js';
import { useSecurityKey } from './security-keys.js';

const door = '/v1/kill-switch';

/** Works without Kafka and approvals, and needs the registry: who may pull is read there at that moment. */
export async function pullSwitch(
  gate: Gate,
  output: Output,
  pull: { scope: string; id?: string; reason: string },
): Promise<void> {
  const answer = await pulled(gate, output, pull);
  output.result(answer, saidOfPull(answer, pull));
}

/** An officer who has a security key is asked to confirm; one who has none pulls at once. */
async function pulled(gate: Gate, output: Output, pull: object): Promise<PullAnswer> {
  const send = (body: object): Promise<PullAnswer> =>
    gate.call('credentials', door, pullAnswer, { method: 'POST', body });
  try {
    return await send(pull);
  } catch (error) {
    if (!(error instanceof Refused) || error.problem.code !== 'step_up_required') throw error;
    const begun = await gate.call('credentials', `${door}/confirm`, ceremonyAnswer, { method: 'POST', body: pull });
    await useSecurityKey(gate, output, begun);
    return send({ ...pull, confirmed: begun.secret });
  }
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
