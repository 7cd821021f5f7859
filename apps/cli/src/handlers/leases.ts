import { z } from 'zod';
import type { Gate } from '../io/gate.js';
import type { Output } from '../io/output.js';

/** Works without Kafka and without approvals: the way to end access when everything else is down. */
export async function endLease(gate: Gate, output: Output, ask: { id: string; reason: string }): Promise<void> {
  const path = `/v1/leases/${encodeURIComponent(ask.id)}/end`;
  const answer = await gate.call('credentials', path, z.looseObject({}), {
    method: 'POST',
    body: { reason: ask.reason },
  });
  output.result(answer, 'The lease is being ended.');
}
