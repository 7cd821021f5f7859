import { actionAnswer, terminalOutcomes, type ActionAnswer } from '#contracts';
import { row } from '../core/say.js';
import type { Gate } from '../io/gate.js';
import type { Output } from '../io/output.js';

export async function showAction(gate: Gate, output: Output, id: string): Promise<void> {
  const answer = await read(gate, id, 0);
  output.result(answer, screen(answer));
}

/** One line per change until the action has ended. */
export async function watchAction(gate: Gate, output: Output, id: string): Promise<void> {
  let told = 0;
  for (;;) {
    const answer = await read(gate, id, 25);
    for (const step of answer.history.slice(told)) {
      output.result(step, `${step.at}  ${step.state.padEnd(10)}${step.code ?? ''}`);
    }
    told = answer.history.length;
    if (answer.state !== 'accepted' && terminalOutcomes.has(answer.state)) return;
    if (answer.state !== 'accepted' && answer.state !== 'pending')
      await new Promise((later) => setTimeout(later, 1_000));
  }
}

async function read(gate: Gate, id: string, seconds: number): Promise<ActionAnswer> {
  const path = `/v1/actions/${encodeURIComponent(id)}?wait_seconds=${String(seconds)}`;
  return gate.call('notifier', path, actionAnswer, { timeoutMs: (seconds + 15) * 1_000 });
}

function screen(answer: ActionAnswer): string {
  return [
    ...row('action', answer.action_id),
    ...row('agent', answer.agent_id),
    ...row('state', `${answer.state}${answer.code === undefined ? '' : ` (${answer.code})`}`),
    ...answer.reasons.flatMap(({ code, text }) => row('reason', `${text} (${code})`)),
    ...(answer.question === undefined ? [] : row('question', answer.question.text)),
    ...(answer.ask_again_at === undefined ? [] : row('ask again', `not before ${answer.ask_again_at}`)),
    ...(answer.lease === undefined ? [] : row('lease', `${answer.lease.id}, ${answer.lease.profile}`)),
    ...answer.history.map(({ at, state, code }) => `  ${at}  ${state.padEnd(10)}${code ?? ''}`),
  ].join('\n');
}
