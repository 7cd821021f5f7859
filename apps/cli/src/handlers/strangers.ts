import { stranger, strangersAnswer, targetAccess } from '#contracts';
import { showAccess } from '../core/show-access.js';
import { saidOfDrop, showStrangers } from '../core/show-strangers.js';
import type { Gate } from '../io/gate.js';
import type { Output } from '../io/output.js';

export async function listStrangers(gate: Gate, output: Output): Promise<void> {
  const answer = await gate.call('credentials', '/v1/strangers', strangersAnswer);
  output.result(answer, showStrangers(answer));
}

export async function listAccess(gate: Gate, output: Output, target: string): Promise<void> {
  const answer = await gate.call('credentials', `/v1/targets/${encodeURIComponent(target)}/access`, targetAccess);
  output.result(answer, showAccess(answer));
}

export async function dropStranger(
  gate: Gate,
  output: Output,
  { target, lease, reason }: { target: string; lease: string; reason: string },
): Promise<void> {
  const path = `/v1/targets/${encodeURIComponent(target)}/strangers/${encodeURIComponent(lease)}/drop`;
  const answer = await gate.call('credentials', path, stranger, { method: 'POST', body: { reason } });
  output.result(answer, saidOfDrop(answer));
}
