import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import {
  ProblemError,
  signedOutcome,
  type DelegateBody,
  type Known,
  type Plan,
  type StepUp,
  type VerdictEvidence,
  type VoteBody,
} from '#contracts';
import { migrate } from '#database';
import { verifyOutcome } from '#trust';
import { migrations } from '../../apps/approvals/src/approvals.module.js';
import { agentId, agentOf, groupOf, personOf } from '../../apps/approvals/src/core/plan.fixture.js';
import { accept, judge, makeGate, plans, type Accepted } from '../../apps/approvals/src/gate.fixture.js';
import { CastVote } from '../../apps/approvals/src/handlers/cast-vote.js';
import { DelegateSeat } from '../../apps/approvals/src/handlers/delegate-seat.js';
import { ListApprovals } from '../../apps/approvals/src/handlers/list-approvals.js';
import { OpenApprovals } from '../../apps/approvals/src/handlers/open-approvals.js';
import { ShowApproval } from '../../apps/approvals/src/handlers/show-approval.js';
import { makeApprovals, type SaidRow, type TestApprovals } from '../../apps/approvals/src/approvals.fixture.js';
import { Ballots } from '../support/ballots.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

export const gate = makeGate();
export const ballots = new Ballots(gate);
export const people = ['anna', 'ben', 'cora', 'olga', 'paul', 'sam', 'dina', 'audrey', 'nobody'].map((id) =>
  personOf(id, id === 'olga' ? { most_waiting: 100_000 } : {}),
);
export const person = (id: string): Known<'people'> => people.find((one) => one.id === id) ?? personOf(id);

export let postgres: TestPostgres;
export let service: TestApprovals;

/** Hooks of a spec file: a database of its own, and for each case a service that knows these people and groups. */
export function useDesk(): void {
  beforeAll(async () => {
    postgres = await startPostgres();
    await migrate(postgres.url, [{ service: 'approvals', password: 'spec', migrations }]);
  }, 60_000);

  beforeEach(async () => {
    service = await makeApprovals(gate, postgres.urlAs('sallyport_approvals', 'spec'));
    for (const one of people) service.registry.put(one);
    service.registry.put(groupOf('dba', ['anna', 'ben', 'cora', 'olga']));
    service.registry.put(groupOf('security', ['sam', 'cora']));
    service.registry.put(groupOf('soc-lead', ['sam', 'dina', 'olga']));
    service.registry.put(groupOf('auditors', ['audrey']));
    service.registry.put(agentOf());
    policySays((accepted) =>
      judge(gate, accepted, { purpose: 'vote', outcome: 'allow', code: 'policy_allowed', plan: undefined }),
    );
  });

  afterEach(() => service.close());

  afterAll(async () => {
    await postgres.remove();
  });
}

export const known = new Map<string, Accepted>();

export function policySays(answer: (accepted: Accepted) => VerdictEvidence): void {
  service.policy.answer = (evidence) => {
    const accepted = [...known.values()].find(({ request }) => request.acceptance === evidence.acceptance);
    if (accepted === undefined) throw new TypeError('policy was asked about something else');
    return answer(accepted);
  };
}

export function ask(more: Parameters<typeof accept>[1] = {}): Accepted {
  const accepted = accept(gate, more);
  known.set(accepted.actionId, accepted);
  return accepted;
}

export const dataOf = (accepted: Accepted, evidence: VerdictEvidence) => ({
  action_id: accepted.actionId,
  agent_id: agentId,
  evidence,
});

/** Opens one request with this plan; answers its id. */
export async function open(plan: Plan = plans.one(), accepted = ask()): Promise<string> {
  await service.hear(OpenApprovals, dataOf(accepted, judge(gate, accepted, { plan })));
  return accepted.actionId;
}

export async function viewDigest(actionId: string, reader = 'audrey'): Promise<string> {
  return (await service.get(ShowApproval).handle(actionId, person(reader))).view_digest;
}

export async function vote(actionId: string, by: string, more: Partial<VoteBody> = {}): Promise<string> {
  return cast(actionId, by, { ...(await signed(actionId, by, more)), ...more });
}

/** A vote as this person signs it. */
export async function signed(actionId: string, by: string, more: Partial<VoteBody> = {}): Promise<VoteBody> {
  const { decision, view_digest } = await service.get(ShowApproval).handle(actionId, person('audrey'));
  const [identity] = person(by).spec.identities;
  if (identity === undefined) throw new TypeError(`${by} cannot sign in`);
  const said = { decision: 'approve', reason: 'looked at it', view_digest, confirmed: [], ...more } as const;
  return ballots.sign(identity, decision, said as VoteBody);
}

/** What credentials states when this person has confirmed a yes with a security key. */
export async function confirmed(actionId: string, by: string, more: Partial<StepUp> = {}): Promise<string> {
  const { decision, view_digest } = await service.get(ShowApproval).handle(actionId, person('audrey'));
  const [identity] = person(by).spec.identities;
  if (identity === undefined) throw new TypeError(`${by} cannot sign in`);
  return ballots.confirmed(identity, { ...decision, view_digest }, more);
}

export async function cast(actionId: string, by: string, body: VoteBody): Promise<string> {
  return codeOf(
    service
      .get(CastVote)
      .handle({ actionId, caller: person(by), body, traceparent: undefined })
      .then(({ state }) => state),
  );
}

/** What this person signs to give their seat to another one. */
export async function giving(actionId: string, by: string, to: string, until?: string): Promise<DelegateBody> {
  const { decision, progress } = await service.get(ShowApproval).handle(actionId, person('audrey'));
  const [identity] = person(by).spec.identities;
  if (identity === undefined) throw new TypeError(`${by} cannot sign in`);
  return ballots.delegation(identity, decision, { to, until: until ?? progress.deadline_at, reason: 'on leave' });
}

export function give(actionId: string, by: string, body: DelegateBody): Promise<string> {
  const given = service.get(DelegateSeat).give({ actionId, caller: person(by), body, traceparent: undefined });
  return codeOf(given.then(() => 'given'));
}

export function takeBack(actionId: string, by: string): Promise<string> {
  const taken = service.get(DelegateSeat).takeBack({ actionId, caller: person(by), traceparent: undefined });
  return codeOf(taken.then(() => 'taken back'));
}

/** What came of it: a state, or the code of the problem or fault. */
export async function codeOf(work: Promise<string>): Promise<string> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ProblemError) return [error.problem.code, error.problem.why].filter(Boolean).join('/');
    if (error instanceof Error && 'code' in error) return String(error.code);
    throw error;
  }
}

export const saidOf = (actionId: string): SaidRow[] => service.said.filter(({ key }) => key === actionId);
export const typesOf = (actionId: string): string[] =>
  saidOf(actionId).map(({ type }) => type.replace(/^sallyport\.|\.v1$/gu, ''));

export function lastOutcome(actionId: string): string {
  const signed = signedOutcome.parse(saidOf(actionId).findLast(({ data }) => 'outcome' in data)?.data['outcome']);
  const verified = verifyOutcome(gate.trust, signed, { service: 'approvals', agentId, actionId });
  return verified.ok ? `${verified.value.outcome}/${verified.value.code}` : 'does not verify';
}

export async function timersOf(ref: string): Promise<string[]> {
  const rows = await service.database.query<{ kind: string }>('SELECT kind FROM timers WHERE ref = $1 ORDER BY kind', [
    ref,
  ]);
  return rows.map(({ kind }) => kind);
}

/** Whether it waits for this person; or whether they see it at all. */
export async function isListed(id: string, by: string, mine = true): Promise<boolean> {
  const alike = { kind: 'each', like: id } as const;
  const { approvals } = await service.get(ListApprovals).handle(person(by), { state: 'open', mine, alike });
  return approvals.some(({ action_id }) => action_id === id);
}

/** A vote without reading first. */
export async function voteUnseen(actionId: string, by: string): Promise<string> {
  const body: VoteBody = { decision: 'approve', reason: '', view_digest: `sha256:${'A'.repeat(43)}`, confirmed: [] };
  const cast = service.get(CastVote).handle({ actionId, caller: person(by), body, traceparent: undefined });
  return codeOf(cast.then(({ state }) => state));
}
