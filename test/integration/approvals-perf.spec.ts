import { it, afterAll, beforeAll } from '@jest/globals';
import { migrate } from '#database';
import { migrations } from '../../apps/approvals/src/approvals.module.js';
import { agentId, agentOf, groupOf, personOf } from '../../apps/approvals/src/core/plan.fixture.js';
import { accept, judge, makeGate } from '../../apps/approvals/src/gate.fixture.js';
import { CastVote } from '../../apps/approvals/src/handlers/cast-vote.js';
import { OpenApprovals } from '../../apps/approvals/src/handlers/open-approvals.js';
import { ShowApproval } from '../../apps/approvals/src/handlers/show-approval.js';
import { makeService } from '../../apps/approvals/src/service.fixture.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
const gate = makeGate();
let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
  await migrate(postgres.url, [{ service: 'approvals', password: 'spec', migrations }]);
}, 60000);
afterAll(() => postgres.remove());
it('perf', async () => {
  const s = await makeService(gate, postgres.urlAs('sallyport_approvals', 'spec'));
  s.registry.put(personOf('anna'));
  s.registry.put(groupOf('dba', ['anna']));
  s.registry.put(agentOf());
  const N = 2400,
    slice = 200;
  const asked = Array.from({ length: N }, () => accept(gate));
  const events = asked.map((a) => ({ action_id: a.actionId, agent_id: agentId, evidence: judge(gate, a) }));
  const again = new Map(
    asked.map((a) => [a.request.acceptance, judge(gate, a, { purpose: 'vote', outcome: 'allow', plan: undefined })]),
  );
  s.policy.answer = (e) => again.get(e.acceptance)!;
  await s.hear(OpenApprovals, ...events.slice(0, 400));
  let t = performance.now();
  let c = process.cpuUsage();
  for (let i = 400; i < N; i += slice) await s.hear(OpenApprovals, ...events.slice(i, i + slice));
  let ms = performance.now() - t;
  let cpu = process.cpuUsage(c);
  console.log(
    'open/s',
    (((N - 400) / ms) * 1000).toFixed(0),
    'cpu ms each',
    ((cpu.user + cpu.system) / 1000 / (N - 400)).toFixed(3),
  );
  const digests = new Map<string, string>();
  for (const a of asked.slice(0, 1200))
    digests.set(a.actionId, (await s.get(ShowApproval).handle(a.actionId, personOf('anna'))).view_digest);
  const vote = (id: string) =>
    s
      .get(CastVote)
      .handle({
        actionId: id,
        caller: personOf('anna'),
        body: { decision: 'approve', reason: '', view_digest: digests.get(id)!, confirmed: [] },
        traceparent: undefined,
      });
  for (const a of asked.slice(0, 200)) await vote(a.actionId);
  t = performance.now();
  c = process.cpuUsage();
  const queue = asked.slice(200, 1200);
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      for (let a = queue.pop(); a; a = queue.pop()) await vote(a.actionId);
    }),
  );
  ms = performance.now() - t;
  cpu = process.cpuUsage(c);
  console.log(
    'vote/s',
    ((1000 / ms) * 1000).toFixed(0),
    'cpu ms each',
    ((cpu.user + cpu.system) / 1000 / 1000).toFixed(3),
  );
  await s.close();
}, 120000);
