import { expect } from '@jest/globals';
import type { Plan } from '#contracts';
import { crowd, groups, wishes, type Act, type Group, type Name } from './approvals-acts.js';
import type { GiftRow, ModelWorld, PlanShown, Row, VoteRow } from './approvals-model.js';

const ends = /^approval\.(?:granted|denied|expired|cancelled)$/u;
const keyOf = ({ plan_no, person }: VoteRow): string => `${String(plan_no)} ${person}`;

/** What must hold of one request at every moment, whatever people, policy, the registry, the clock and crashes do. */
export class Story {
  readonly #counted = new Map<string, VoteRow>();
  readonly #plans = new Map<number, PlanShown>();
  /** Plan and stage of those that were open while nobody decided for long enough. */
  readonly #silent = new Set<string>();
  #isLate = false;
  #hasCrashed = false;
  #end: Row | undefined;

  constructor(
    private readonly world: ModelWorld,
    private readonly actionId: string,
  ) {}

  passDeadline(): void {
    if (this.#end === undefined) this.#isLate = true;
  }

  async passSilence(): Promise<void> {
    const { plan_no, stage } = await this.world.row(this.actionId);
    const plan = this.#plans.get(plan_no);
    const open = plan?.isParallel === true ? plan.stages.map((one) => one.stage) : [stage];
    for (const one of open) this.#silent.add(`${String(plan_no)} ${String(one)}`);
  }

  /** Whether this act alone, now, must be counted: a quiet refusal of everybody would keep every promise but this one. */
  async mustCount(act: Act): Promise<boolean> {
    if (act.do !== 'vote' || this.#isLate) return false;
    const { state, plan_no, stage } = await this.world.row(this.actionId);
    const plan = this.#plans.get(plan_no);
    const seat = plan?.isParallel === true ? act.stage : stage;
    const isPossible = act.decision === 'deny' || (!this.#isComplete(plan_no, seat) && this.#isJudgedSo(plan));
    if (state !== 'open' || !isPossible || this.#seated(plan_no).includes(act.by)) return false;
    return this.#hasSeat(act.by, plan_no, seat);
  }

  async #hasSeat(who: Name, planNo: number, number: number): Promise<boolean> {
    const gifts = (await this.world.gifts(this.actionId)).filter((gift) => gift.plan_no === planNo && gift.stands);
    if (this.#maySit(who, planNo, number)) return !gifts.some(({ giver }) => giver === who);
    return gifts.some((gift) => gift.receiver === who && this.#isLent(gift, number));
  }

  #isJudgedSo(plan: PlanShown | undefined): boolean {
    return this.world.says === 'allow' || isSamePlan(plan, this.world.says);
  }

  /** After these acts, which happened at one moment. Answers how many votes were counted. */
  async check(acts: readonly Act[]): Promise<number> {
    if (acts.some((act) => act.do === 'crash')) this.#hasCrashed = true;
    const [row, votes] = [await this.world.row(this.actionId), await this.world.votes(this.actionId)];
    await this.#checkView(row);
    const gifts = await this.world.gifts(this.actionId);
    const fresh = this.#checkVotes(votes, { acts, gifts });
    this.#checkEnd(row, { acts, gifts });
    if (row.state === 'granted') this.#checkGrant(row);
    if (!this.#hasCrashed) this.#checkSaid(row);
    return fresh;
  }

  /** Under one plan everybody is shown the same, from its opening to its end. */
  async #checkView({ plan_no }: Row): Promise<void> {
    const shown = await this.world.shown(this.actionId);
    const before = this.#plans.get(plan_no);
    if (before !== undefined) expect(shown.digest).toBe(before.digest);
    this.#plans.set(plan_no, shown);
  }

  /** What was counted stays as it is; what is new was said by a person who may, about what was shown. */
  #checkVotes(votes: readonly VoteRow[], { acts, gifts }: { acts: readonly Act[]; gifts: readonly GiftRow[] }): number {
    const now = new Map(votes.map((vote) => [keyOf(vote), vote]));
    for (const [key, vote] of this.#counted) expect(now.get(key)).toEqual(vote);
    const fresh = votes.filter((vote) => !this.#counted.has(keyOf(vote)));
    for (const vote of fresh) {
      expect([this.#isLate, this.#end]).toEqual([false, undefined]);
      expect(acts).toContainEqual(expect.objectContaining({ do: 'vote', by: vote.person, decision: vote.decision }));
      const plan = this.#plans.get(vote.plan_no);
      expect(this.#hadSeat(vote, gifts)).toBe(true);
      expect(payloadOf(vote.vote)).toMatchObject({ action_id: this.actionId, view_digest: plan?.digest, decision: vote.decision });
      // Where several seats are open at once, nobody but the person picks theirs.
      if (plan?.isParallel === true && vote.decision === 'approve') expect(payloadOf(vote.vote)).toMatchObject({ stage: vote.stage });
      this.#counted.set(keyOf(vote), vote);
      // Nobody sits twice, and on no seat sit two.
      const seated = this.#seated(vote.plan_no);
      expect(new Set(seated).size).toBe(seated.length);
    }
    return fresh.length;
  } // prettier-ignore

  /** By the group of the stage, and after a silence by the one that it goes on to. */
  #maySit(who: Name, planNo: number, number: number): boolean {
    const stage = this.#plans.get(planNo)?.stages.find((one) => one.stage === number);
    const isSilent = this.#silent.has(`${String(planNo)} ${String(number)}`);
    return this.#mayDecide(who, stage?.group) || (isSilent && this.#mayDecide(who, stage?.escalate?.to));
  }

  #isComplete(planNo: number, number: number): boolean {
    const stage = this.#plans.get(planNo)?.stages.find((one) => one.stage === number);
    const yes = [...this.#counted.values()].filter((vote) => vote.plan_no === planNo && vote.decision === 'approve');
    return yes.filter((vote) => vote.stage === number).length >= (stage?.quorum ?? 0);
  }

  /** Everybody whose seat in this plan is filled. */
  #seated(planNo: number): Name[] {
    const votes = [...this.#counted.values()].filter(({ plan_no }) => plan_no === planNo);
    return votes.flatMap(({ person, seat_of }) => (seat_of === null ? [person] : [person, seat_of]));
  }

  /** Their own, or that of somebody who gave it to them. */
  #hadSeat({ person, plan_no, seat_of, stage }: VoteRow, gifts: readonly GiftRow[]): boolean {
    if (seat_of === null) return this.#maySit(person, plan_no, stage);
    const gift = gifts.find((one) => one.plan_no === plan_no && one.giver === seat_of && one.receiver === person);
    return gift !== undefined && this.#isLent(gift, stage);
  }

  #isLent({ giver, plan_no, receiver }: GiftRow, number: number): boolean {
    const isOut = receiver === 'olga' || receiver === 'paul' || this.world.inactive.has(receiver);
    return !isOut && this.#maySit(giver, plan_no, number);
  }

  #mayDecide(who: Name, group: string | undefined): boolean {
    const isInChain = who === 'olga' || who === 'paul';
    const known = groups.find((one) => one === group);
    return known !== undefined && !isInChain && this.#isIn(who, known);
  }

  #mayEnd(who: Name, gifts: readonly GiftRow[]): boolean {
    const isOut = who === 'olga' || who === 'paul' || this.world.inactive.has(who);
    const hasReceived = gifts.some(({ receiver }) => receiver === who);
    return !isOut && (hasReceived || groups.some((group) => this.#mayDecide(who, group)));
  }

  /** Whether there is somebody for each seat that is not filled, whoever gave theirs away. */
  #canGoOn({ plan_no }: Row): boolean {
    const votes = [...this.#counted.values()].filter((vote) => vote.plan_no === plan_no);
    const left = (this.#plans.get(plan_no)?.stages ?? []).flatMap(({ escalate, group, quorum, stage }) => {
      const filled = votes.filter((vote) => vote.stage === stage).length;
      return Array<(string | undefined)[]>(Math.max(0, quorum - filled)).fill([group, escalate?.to]);
    });
    const place = ([seat, ...more]: (string | undefined)[][], taken: readonly Name[]): boolean =>
      seat === undefined ||
      crowd.some(
        (who) =>
          !taken.includes(who) && seat.some((group) => this.#mayDecide(who, group)) && place(more, [...taken, who]),
      );
    return place(left, this.#seated(plan_no));
  }

  #isIn(who: Name, group: Group): boolean {
    return !this.world.inactive.has(who) && this.world.members[group].includes(who);
  }

  /** One end, which stays, and for a reason that there was. */
  #checkEnd(row: Row, { acts, gifts }: { acts: readonly Act[]; gifts: readonly GiftRow[] }): void {
    if (this.#end !== undefined) {
      expect(row).toEqual(this.#end);
      return;
    }
    const denies = [...this.#counted.values()].filter((vote) => vote.plan_no === row.plan_no && vote.decision === 'deny');
    // A no is final at once.
    if (denies.length > 0) expect(row.state).toBe('denied');
    if (row.state === 'open') return;
    this.#end = row;
    const by = acts.flatMap((act) => (act.do === 'withdraw' || act.do === 'stop' ? [act.by] : []));
    const reasons: Record<string, boolean> = {
      'granted/approved': denies.length === 0,
      'denied/person_denied': denies.length === 1,
      'denied/policy_denied': this.world.says === 'deny',
      'denied/no_eligible_approver': this.world.says in wishes || (acts.some((act) => act.do === 'reroute') && !this.#canGoOn(row)),
      'expired/approval_expired': this.#isLate,
      'cancelled/withdrawn': by.some((who) => this.#mayEnd(who, gifts)),
      'cancelled/stopped': by.some((who) => this.#mayEnd(who, gifts)),
    };
    expect([`${row.state}/${String(row.code)}`, reasons[`${row.state}/${String(row.code)}`]]).toEqual([expect.any(String), true]);
  } // prettier-ignore

  /** Each stage has as many yeses as it asks for, of different people: one row for each person and plan. */
  #checkGrant({ plan_no }: Row): void {
    const yes = [...this.#counted.values()].filter((vote) => vote.plan_no === plan_no && vote.decision === 'approve');
    for (const { stage, quorum } of this.#plans.get(plan_no)?.stages ?? [])
      expect(yes.filter((vote) => vote.stage === stage)).toHaveLength(quorum);
    expect(this.#isLate).toBe(false);
  }

  #checkSaid({ state }: Row): void {
    const said = this.world.said(this.actionId).toSorted((a, b) => a.sequence - b.sequence);
    expect(said.map(({ sequence }) => sequence)).toEqual(said.map((_, i) => i + 1));
    const over = said.filter(({ type }) => ends.test(type)).map(({ type }) => type);
    expect(over).toEqual(state === 'open' ? [] : [`approval.${state}`]);
  }
}

function isSamePlan(plan: PlanShown | undefined, says: string): boolean {
  const wish: Plan | undefined = Object.entries(wishes).find(([name]) => name === says)?.[1];
  const short = (stages: PlanShown['stages'], isParallel: boolean): string => JSON.stringify([isParallel, stages]);
  return wish !== undefined && plan !== undefined && short(wish.stages, wish.parallel === true) === short(plan.stages, plan.isParallel);
} // prettier-ignore

function payloadOf(jws: string): unknown {
  return JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString('utf8'));
}
