import type { PersonKey, SignedDelegation } from '#contracts';
import { isGivenFor, satisfies, type VerifiedVote } from '#trust';
import type { Held } from '../../apps/approvals/src/core/approval.js';
import { deciderOf } from '../../apps/approvals/src/core/decider.js';
import { seatsOver, whyNotGiven } from '../../apps/approvals/src/core/delegation.js';
import type { Circle, Given, Sits } from '../../apps/approvals/src/core/eligibility.js';
import { expire } from '../../apps/approvals/src/core/endings.js';
import {
  at as instant, bodyOf, circleOf, heldOf, idp, viewDigest,
} from '../../apps/approvals/src/core/plan.fixture.js'; // prettier-ignore
import { considerVote, countVote, seated, waitsAfter } from '../../apps/approvals/src/core/vote.js';
import { stagesAtFirst, waitsFor, type WaitsFor } from '../../apps/approvals/src/core/waits-for.js';
import { planIn, Versions, type Act, type Giving, type Told, type Vote } from './plan-rows.js';

const about = { gate: 'gate.test.example', action_id: '01938a1e-7c00-7000-8000-000000000001' };
const digests = { action_digest: viewDigest, plan_digest: viewDigest };
const signed: SignedDelegation = { delegation: 'a.b.c', person_key: 'a.b.c' };

const keyOf = (person: string): PersonKey => ({
  gate: about.gate, thumbprint: 'A'.repeat(43), iss: idp, sub: `sub-${person}`, until: instant(20_000).getTime() / 1_000,
}); // prettier-ignore

export interface Played {
  answers: string[];
  state: Held['state'];
  counted: VerifiedVote[];
  verified: boolean;
}

/** How approvals lies: it counts on seats that went back to their givers when their time was over. */
export interface Lie {
  forgetsTheEnd: boolean;
}

/** Plays a story as approvals decides it, and hands what was counted to what credentials verifies with. */
export function play(told: Told, lie: Lie = { forgetsTheEnd: false }): Played {
  const table = new Table(told, lie);
  const answers = told.votes.map((act) => table.answer(act));
  return { answers, ...table.end(told.until) };
}

class Table {
  readonly #plan;
  readonly #versions;
  readonly #held = heldOf();
  readonly #counted: VerifiedVote[] = [];
  #given: Given[] = [];
  #second = -1;

  constructor(
    told: Told,
    private readonly lie: Lie,
  ) {
    this.#plan = planIn(told);
    this.#versions = new Versions(told);
    this.#wait(waitsFor(this.#plan, stagesAtFirst(this.#plan)));
  }

  /** The news that somebody was deactivated comes late: what they do, or others on their seat, is decided by the registry alone. */
  answer(act: Act): string {
    const gone = this.#versions.goneBetween(this.#second, act.at);
    this.#pass(act.at);
    const over = new Set(seatsOver(this.#given, { gone, seated: this.#seated() }));
    const answer = this.#act(act);
    this.#given = this.#given.filter((one) => !over.has(one));
    return answer;
  }

  #act(act: Act): string {
    if ('gives_to' in act) return this.#give(act);
    return 'takes_back' in act ? this.#takeBack(act.by) : this.#vote(act);
  }

  end(until: number | undefined): Omit<Played, 'answers'> {
    if (until !== undefined) this.#held.now = instant(until);
    const ending = expire(this.#held);
    const counted = this.#counted;
    return {
      state: typeof ending === 'string' ? this.#held.state : ending.state,
      counted,
      verified: this.#isVerified(),
    };
  }

  /** Each delegation beside a vote, and then all of them together, by every version that there ever was. */
  #isVerified(): boolean {
    const { groups, people } = this.#versions;
    const facts = { groups: groups.map(({ entry }) => entry), people: people.map(({ entry }) => entry) };
    const areGiven = this.#counted.every((vote) => vote.delegation === undefined || isGivenFor(vote.delegation, vote));
    return areGiven && satisfies(this.#plan, this.#counted, facts).ok;
  }

  /** A seat whose time is over is its giver's. */
  #pass(second: number): void {
    this.#second = second;
    this.#held.now = instant(second);
    if (this.lie.forgetsTheEnd) return;
    this.#given = this.#given.filter(({ until }) => until > this.#held.now);
  }

  #give({ by, gives_to, until }: Giving): string {
    const ends = until === undefined ? this.#held.deadlineAt : instant(until);
    const refusal = whyNotGiven({
      held: this.#held, planNo: 1, circle: this.#circle(), giver: this.#decider(by), receiver: this.#decider(gives_to), until: ends,
      seated: this.#seated(),
    }); // prettier-ignore
    if (refusal !== undefined) return refusal.why ?? refusal.code;
    this.#given = [...this.#given, { giver: by, receiver: gives_to, until: ends, givenAt: this.#held.now, signed }];
    return 'given';
  }

  #takeBack(by: string): string {
    if (this.#held.state !== 'open') return 'already_decided';
    if (!this.#given.some(({ giver }) => giver === by)) return 'not_found';
    if (this.#seated().has(by)) return 'already_voted';
    this.#given = this.#given.filter(({ giver }) => giver !== by);
    return 'taken_back';
  }

  #vote({ by, confirmed, deny, stage: named }: Vote): string {
    const body = bodyOf({ decision: deny ? 'deny' : 'approve', confirmed, stage: named });
    const seat = considerVote(body, {
      held: this.#held, person: this.#decider(by), circle: this.#circle(), planNo: 1, variant: 'full', viewDigest,
      voted: this.#seated().has(by),
    }); // prettier-ignore
    if ('code' in seat) return seat.why ?? seat.code;
    const before = this.#counted.map(({ counting, vote }) => ({ stage: counting.seat.stage, decision: vote.decision }));
    this.#counted.push(this.#proofOf(seat, { by, confirmed, deny, named }));
    const result = countVote(this.#plan, seat.stage, { decision: body.decision, before });
    if (result.then === 'granted' || result.then === 'denied') this.#held.state = result.then;
    const waits = waitsAfter(this.#plan, this.#held, result);
    if (waits !== undefined) this.#wait(waits);
    return result.then;
  }

  /** A vote, its counting and what its seat rests on, as their signatures would have been verified. */
  #proofOf({ from, group, stage }: Sits, said: Pick<Vote, 'by' | 'confirmed' | 'deny'> & { named: number | undefined }): VerifiedVote {
    const { by, confirmed, deny, named } = said;
    const { id: person, version: person_version } = this.#decider(by);
    const received_at = this.#held.now.toISOString();
    const decision = deny ? 'deny' : 'approve';
    const seat = { stage: stage.stage, ...(group && { group: { id: group.id, version: group.version } }) };
    return {
      vote: {
        ...about, ...digests, view_digest: viewDigest, variant: 'full', decision, reason: '', confirmed, jti: about.action_id, iat: 1_800_000_000,
        ...(named !== undefined && { stage: named }),
      },
      key: keyOf(by),
      counting: { ...about, person, proof_digest: viewDigest, person_version, seat, received_at, ...(from && countedOf(from)) },
      ...(from && { delegation: readOf(from.given) }),
    };
  } // prettier-ignore

  #wait({ beganAt = instant(0), deadlineAt, openStages, stage }: WaitsFor): void {
    Object.assign(this.#held, { beganAt, deadlineAt, openStages, stage });
  }

  #circle(): Circle {
    const circle = circleOf(this.#plan, this.#versions.groupsAt(this.#second), []);
    const givers = new Map(this.#given.map(({ giver }) => [giver, this.#decider(giver)]));
    return { ...circle, given: this.#given, givers };
  }

  #decider(id: string): ReturnType<typeof deciderOf> {
    return deciderOf(this.#versions.person(id, this.#second));
  }

  #seated(): Set<string> {
    return seated(
      this.#counted.map(({ counting }) => ({ person: counting.person, seatOf: counting.delegated?.by.id })),
    );
  }
}

function countedOf({ given, giver }: NonNullable<Sits['from']>): Pick<VerifiedVote['counting'], 'delegated'> {
  const { id, version } = giver;
  return { delegated: { by: { id, version }, given_at: given.givenAt.toISOString() } };
}

function readOf({ givenAt, giver, receiver: to, until }: Given): NonNullable<VerifiedVote['delegation']> {
  const iat = Math.floor(givenAt.getTime() / 1_000);
  const given = { ...about, ...digests, to, until: until.toISOString(), reason: 'on leave', jti: about.action_id, iat };
  return { given, key: keyOf(giver) };
}
