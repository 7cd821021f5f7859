import pg from 'pg';
import { ProblemError, type DecisionView, type Known, type Plan, type VoteBody } from '#contracts';
import { migrate } from '#database';
import { Fault } from '#platform';
import { migrations } from '../../apps/approvals/src/approvals.module.js';
import { makeApprovals, type TestApprovals } from '../../apps/approvals/src/approvals.fixture.js';
import { agentId, agentOf, groupOf, personOf } from '../../apps/approvals/src/core/plan.fixture.js';
import { accept, judge, makeGate, soon, type Accepted } from '../../apps/approvals/src/gate.fixture.js';
import { CastVote } from '../../apps/approvals/src/handlers/cast-vote.js';
import { DelegateSeat } from '../../apps/approvals/src/handlers/delegate-seat.js';
import { EndByPerson } from '../../apps/approvals/src/handlers/end-by-person.js';
import { EscalateApprovals } from '../../apps/approvals/src/handlers/escalate-approvals.js';
import { ExpireApprovals } from '../../apps/approvals/src/handlers/expire-approvals.js';
import { OpenApprovals } from '../../apps/approvals/src/handlers/open-approvals.js';
import { Reroute } from '../../apps/approvals/src/handlers/reroute.js';
import { ShowApproval } from '../../apps/approvals/src/handlers/show-approval.js';
import { Ballots } from '../support/ballots.js';
import { eventually } from '../support/eventually.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import {
  crowd,
  everybody,
  groups,
  wishes,
  type Act,
  type Name,
  type Says,
  type Side,
  type Turn,
  type Wish,
} from './approvals-acts.js';

/** Always sees what is shown. */
const auditor = personOf('audrey');

/** As policy makes it now. */
function planNow(wish: Wish): Plan {
  const plan: Plan = wishes[wish];
  const counts = plan.stages.some(({ escalate }) => escalate !== undefined);
  return { ...plan, deadline_at: soon(), ...(counts && { begins_at: soon(0) }) };
}

export interface VoteRow {
  plan_no: number;
  person: Name;
  stage: number;
  decision: VoteBody['decision'];
  vote: string;
  /** Who gave them the seat. */
  seat_of: Name | null;
}

/** A seat that was given away; once, however often it was taken back and given again. */
export interface GiftRow {
  plan_no: number;
  giver: Name;
  receiver: Name;
  stands: boolean;
}

export interface Row {
  state: string;
  code: string | null;
  plan_no: number;
  stage: number;
}

export interface PlanShown extends Pick<DecisionView, 'stages'> {
  isParallel: boolean;
  digest: string;
}

type Entry = Known<'groups'> | Known<'people'>;

/** Two replicas of approvals on one real PostgreSQL; one request at a time, and what is true around it. */
export class ModelWorld {
  readonly gate = makeGate();
  readonly #ballots = new Ballots(this.gate);
  readonly #asked = new Map<string, Accepted>();
  readonly #replicas = new Map<Side, TestApprovals>();
  readonly #entries: Entry[] = [];
  readonly #saidBefore: TestApprovals['said'] = [];
  #version = 1;
  says: Says = 'allow';
  members = everybody;
  inactive = new Set<Name>();

  private constructor(
    private readonly postgres: TestPostgres,
    private readonly admin: pg.Client,
  ) {}

  static async start(): Promise<ModelWorld> {
    const postgres = await startPostgres();
    await migrate(postgres.url, [{ service: 'approvals', password: 'spec', migrations }]);
    const admin = new pg.Client({ connectionString: postgres.url });
    await admin.connect();
    const world = new ModelWorld(postgres, admin);
    await Promise.all([world.restart('left'), world.restart('right')]);
    return world;
  }

  async remove(): Promise<void> {
    await Promise.all([...this.#replicas.values()].map((one) => one.close()));
    await this.admin.end();
    await this.postgres.remove();
  }

  at(side: Side): TestApprovals {
    const found = this.#replicas.get(side);
    if (found === undefined) throw new TypeError(`${side} does not run`);
    return found;
  }

  /** A replica with nothing in its memory but what the registry says now. */
  async restart(side: Side): Promise<void> {
    const before = this.#replicas.get(side);
    await before?.close();
    this.#saidBefore.push(...(before?.said ?? []));
    const service = await makeApprovals(this.gate, this.postgres.urlAs('sallyport_approvals', 'spec'));
    for (const entry of this.#entries) service.registry.put(entry);
    service.registry.put(agentOf());
    service.policy.answer = ({ acceptance }) => this.#judged(acceptance);
    this.#replicas.set(side, service);
  }

  /** Everything as at the beginning, and a new request that is open. */
  async open(wish: Wish): Promise<string> {
    this.says = 'allow';
    this.members = everybody;
    this.inactive = new Set();
    for (const id of crowd) this.#register(personOf(id));
    for (const group of groups) this.#register(groupOf(group, everybody[group]));
    this.#register(auditor);
    this.#register(groupOf('auditors', [auditor.id]));
    const accepted = accept(this.gate);
    this.#asked.set(accepted.request.acceptance, accepted);
    const { actionId: action_id } = accepted;
    const evidence = judge(this.gate, accepted, { plan: planNow(wish) });
    await eventually(() => this.at('left').hear(OpenApprovals, { action_id, agent_id: agentId, evidence }));
    return action_id;
  }

  async take(actionId: string, turn: Turn): Promise<void> {
    if (turn.turn === 'restart') return this.restart(turn.at);
    if (turn.turn === 'deadline') return this.passDeadline(actionId);
    if (turn.turn === 'silence') return this.passSilence(actionId);
    if (turn.turn === 'policy') this.says = turn.says;
    if (turn.turn === 'group') {
      this.members = { ...this.members, [turn.group]: turn.members };
      this.#register(groupOf(turn.group, turn.members));
    }
    if (turn.turn === 'person') {
      this.inactive = new Set([...this.inactive].filter((one) => one !== turn.who));
      if (!turn.isActive) this.inactive.add(turn.who);
      this.#register(personOf(turn.who, { state: turn.isActive ? 'active' : 'inactive' }));
    }
  }

  /** Its time is over by the database's clock; nobody's timer has looked yet. */
  async passDeadline(actionId: string): Promise<void> {
    await this.admin.query(
      `UPDATE approvals.approval SET deadline_at = clock_timestamp() - interval '1 ms' WHERE action_id = $1 AND state = 'open'`,
      [actionId],
    );
  }

  /** What is open began before the next group's time; nobody's timer has looked yet. */
  async passSilence(actionId: string): Promise<void> {
    await this.admin.query(
      `UPDATE approvals.approval SET began_at = began_at - interval '3001 s' WHERE action_id = $1 AND state = 'open'`,
      [actionId],
    );
  }

  /** Answers the state that it led to, the code of a refusal, or `unknown` where the answer was lost. */
  async act(actionId: string, act: Act): Promise<string> {
    try {
      return await this.#act(actionId, act);
    } catch (error) {
      if (error instanceof ProblemError) return error.problem.code;
      if (error instanceof Fault) return 'unknown';
      throw error;
    }
  }

  async #act(actionId: string, act: Act): Promise<string> {
    if (act.do === 'crash') return this.#crash(act.afterMs);
    const service = this.at(act.at);
    if (act.do === 'timer') {
      await service.fire(EscalateApprovals, actionId);
      await service.fire(ExpireApprovals, actionId);
      return 'fired';
    }
    if (act.do === 'reroute') {
      await service.fire(Reroute, act.group);
      return 'looked';
    }
    const caller = personOf(act.by);
    if (act.do === 'vote') return this.#vote(service, actionId, act);
    if (act.do === 'give') return this.#give(service, actionId, act);
    if (act.do === 'take_back') {
      await service.get(DelegateSeat).takeBack({ actionId, caller, traceparent: undefined });
      return 'taken back';
    }
    const { state } = await service
      .get(EndByPerson)
      .handle({ actionId, caller, act: act.do, reason: 'no more', traceparent: undefined });
    return state;
  }

  /** As a person votes: on what is shown to them, signed by their own key. */
  async #vote(service: TestApprovals, actionId: string, { by, decision, stage }: Act & { do: 'vote' }): Promise<string> {
    const caller = personOf(by);
    const [identity] = caller.spec.identities;
    if (identity === undefined) throw new TypeError(`${by} cannot sign in`);
    const { decision: view, view_digest } = await this.at('left').get(ShowApproval).handle(actionId, auditor);
    const seat = view.parallel === true && decision === 'approve' ? { stage } : {};
    const said = { decision, reason: 'looked', view_digest, confirmed: [], ...seat };
    const body: VoteBody = this.#ballots.sign(identity, view, said);
    const { state } = await service.get(CastVote).handle({ actionId, caller, body, traceparent: undefined });
    return state;
  } // prettier-ignore

  async #give(service: TestApprovals, actionId: string, { by, to }: { by: Name; to: Name }): Promise<string> {
    const caller = personOf(by);
    const [identity] = caller.spec.identities;
    if (identity === undefined) throw new TypeError(`${by} cannot sign in`);
    const { decision: view, progress } = await this.at('left').get(ShowApproval).handle(actionId, auditor);
    const body = this.#ballots.delegation(identity, view, { to, until: progress.deadline_at, reason: 'on leave' });
    await service.get(DelegateSeat).give({ actionId, caller, body, traceparent: undefined });
    return 'given';
  }

  /** Every session of the service breaks, whatever it was doing. */
  async #crash(afterMs: number): Promise<string> {
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    await this.admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'sallyport_approvals'`,
    );
    return 'crashed';
  }

  async row(actionId: string): Promise<Row> {
    const { rows } = await this.admin.query<Row>(
      'SELECT state, code, plan_no, stage FROM approvals.approval WHERE action_id = $1',
      [actionId],
    );
    if (rows[0] === undefined) throw new TypeError('it was never opened');
    return rows[0];
  }

  async votes(actionId: string): Promise<VoteRow[]> {
    const { rows } = await this.admin.query<VoteRow>(
      'SELECT plan_no, person, stage, decision, vote, seat_of FROM approvals.vote WHERE action_id = $1 ORDER BY counted_at, person',
      [actionId],
    );
    return rows;
  }

  async gifts(actionId: string): Promise<GiftRow[]> {
    const { rows } = await this.admin.query<GiftRow>(
      'SELECT plan_no, giver, receiver, bool_or(ended_at IS NULL) AS stands FROM approvals.delegation WHERE action_id = $1 GROUP BY 1, 2, 3',
      [actionId],
    );
    return rows;
  }

  /** The plan in force, and the digest of what is shown under it. */
  async shown(actionId: string): Promise<PlanShown> {
    const reading = () => this.at('left').get(ShowApproval).handle(actionId, auditor);
    const { decision, view_digest } = await eventually(reading);
    return { stages: decision.stages, isParallel: decision.parallel === true, digest: view_digest };
  }

  /** The types of what both replicas have said about it, and their numbers. */
  said(actionId: string): { type: string; sequence: number }[] {
    const all = [...this.#saidBefore, ...[...this.#replicas.values()].flatMap(({ said }) => said)];
    return all
      .filter(({ key }) => key === actionId)
      .map(({ type, sequence }) => ({ type: type.replace(/^sallyport\.|\.v1$/gu, ''), sequence }));
  }

  #register(entry: Entry): void {
    this.#version += 1;
    const next = { ...entry, version: this.#version };
    this.#entries.push(next);
    for (const { registry } of this.#replicas.values()) registry.put(next);
  }

  #judged(acceptance: string) {
    const accepted = this.#asked.get(acceptance);
    if (accepted === undefined) throw new TypeError('policy was asked about something else');
    const { says } = this;
    if (says === 'silence') throw new Fault('policy_unavailable', { retryable: true });
    if (says === 'allow')
      return judge(this.gate, accepted, { purpose: 'vote', outcome: 'allow', code: 'policy_allowed', plan: undefined });
    if (says === 'deny')
      return judge(this.gate, accepted, { purpose: 'vote', outcome: 'deny', code: 'policy_denied', plan: undefined });
    return judge(this.gate, accepted, { purpose: 'vote', plan: planNow(says) });
  }
}
