import { questionAnswer } from '#contracts';
import type { Gate } from '../io/gate.js';
import type { Output } from '../io/output.js';
import { approvalPath } from './own-approval.js';

/** Asks the agent; it answers with a new request, which is decided by itself. */
export async function askAgent(gate: Gate, output: Output, { id, text }: { id: string; text: string }): Promise<void> {
  const call = { method: 'POST', body: { text } } as const;
  const answer = await gate.call('approvals', `${approvalPath(id)}/question`, questionAnswer, call);
  const words =
    'Asked. The agent answers with a new request, which shows your question; this one then ends as superseded.';
  output.result(answer, `${words} Until then it waits, and may be decided as it is.`);
}
