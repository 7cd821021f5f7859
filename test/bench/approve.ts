import { refund, type RunningGate } from '../support/running-gate.js';
import { latencies, round } from './figures.js';
import type { ProductChain } from './product-chain.js';

export interface ApproveFigures {
  flows_per_second: number;
  to_offered_p50_ms: number;
  to_offered_p99_ms: number;
  /** Votes that were refused, by status and code. */
  refused: Record<string, number>;
}

const lanes = 24;

/** Ask, a person approves, the agent holds the offer: so many of them side by side for so many seconds. */
export async function approveFlows(gate: RunningGate, chain: ProductChain, seconds: number): Promise<ApproveFigures> {
  const approvedAt = new Map<string, number>();
  const pending: string[] = [];
  const measured: number[] = [];
  const refused: Record<string, number> = {};
  let offered = 0;
  chain.onOffer = ({ ticket }) => {
    const at = approvedAt.get(ticket.actionId);
    if (at === undefined) return;
    approvedAt.delete(ticket.actionId);
    measured.push(performance.now() - at);
    offered += 1;
  };
  chain.onPending = (actionId) => {
    pending.push(actionId);
  };
  const started = performance.now();
  const isOver = (): boolean => performance.now() - started > seconds * 1_000;
  const ask = async (): Promise<void> => {
    while (!isOver()) {
      if (pending.length < lanes * 4) await chain.send(lanes, refund(10_000));
      await new Promise((later) => setTimeout(later, 10));
    }
  };
  const decide = async (): Promise<void> => {
    while (!isOver()) {
      const actionId = pending.shift();
      if (actionId === undefined) {
        await new Promise((later) => setTimeout(later, 2));
        continue;
      }
      // From the moment the person looks: reading the view and voting are part of it.
      approvedAt.set(actionId, performance.now());
      const answer = await gate.approve('fiona', actionId);
      if (answer.ok) continue;
      approvedAt.delete(actionId);
      const why = `${String(answer.status)} ${await codeOf(answer)}`;
      refused[why] = (refused[why] ?? 0) + 1;
    }
  };
  await Promise.all([ask(), ...Array.from({ length: lanes }, decide)]);
  const flows = offered / ((performance.now() - started) / 1_000);
  chain.forget();
  const { p50, p99 } = latencies(measured);
  return { flows_per_second: round(flows), to_offered_p50_ms: p50, to_offered_p99_ms: p99, refused };
}

async function codeOf(answer: Response): Promise<string> {
  const problem = (await answer.json().catch(() => ({}))) as { code?: string };
  return problem.code ?? 'no code';
}
