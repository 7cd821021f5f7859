import { leaseAnswer, leasesAnswer } from '#contracts';
import { afterList, leaseTable, showLease } from '../core/show-lease.js';
import type { Gate } from '../io/gate.js';
import type { Output } from '../io/output.js';

const path = (id: string): string => `/v1/leases/${encodeURIComponent(id)}`;

export interface ListOptions {
  state?: string[];
  agent?: string;
  cursor?: string;
}

/** One page, newest first; the words for the next one are told. */
export async function listLeases(gate: Gate, output: Output, { state, agent, cursor }: ListOptions): Promise<void> {
  const query = new URLSearchParams({
    ...(state !== undefined && { state: state.join(',') }),
    ...(agent !== undefined && { agent }),
    ...(cursor !== undefined && { cursor }),
  });
  const asked = query.size === 0 ? '/v1/leases' : `/v1/leases?${query.toString()}`;
  const answer = await gate.call('credentials', asked, leasesAnswer);
  output.result(answer, answer.leases.length === 0 ? 'No lease that you may see.' : leaseTable(answer.leases));
  const filters = [
    ...(state ?? []).map((one) => `--state ${one}`),
    ...(agent === undefined ? [] : [`--agent ${agent}`]),
  ];
  for (const words of afterList(answer, filters)) output.note(words);
}

export async function showOneLease(gate: Gate, output: Output, id: string): Promise<void> {
  const answer = await gate.call('credentials', path(id), leaseAnswer);
  output.result(answer, showLease(answer));
}

/** Works without Kafka and without approvals: the way to end access when everything else is down. */
export async function endLease(gate: Gate, output: Output, ask: { id: string; reason: string }): Promise<void> {
  const { id, reason } = ask;
  const answer = await gate.call('credentials', `${path(id)}/end`, leaseAnswer, { method: 'POST', body: { reason } });
  const said = answer.state === 'ending' ? 'The lease is being ended.' : 'The offer is cancelled.';
  output.result(answer, `${said} See: sallyport leases show ${id}`);
}
