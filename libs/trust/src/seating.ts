import { recipientOf, type Person, type Plan, type Recipient, type Stage } from '#contracts';
import { sourcesOf } from './plan.js';
import { hasLimit } from './satisfies.js';

/** Somebody who could sit, as the registry has them. */
export interface Able {
  id: string;
  active: boolean;
  limits: Person['limits'];
}

/** The people of a group, or the one person. Read lazily: a group may have thousands, a plan needs a handful. */
export type PeopleOf<P extends Able = Able> = (recipient: Recipient) => Iterable<P>;

/** Can every seat be filled at once by a person of its own? Whoever may decide only after a silence counts too: then it waits for them. */
export function canBeSeated(plan: Plan, peopleOf: PeopleOf): boolean {
  return mostSeated(plan, peopleOf, goingOn(plan)) === seatsIn(plan);
}

/**
 * The stages whose next group has to decide from the beginning, because without it seats stay empty whatever people do: those whose own people are
 * too few, and of several that need the same people the later ones. Where nobody could fill them either, nobody is let in for it.
 */
export function stagesAtOnce(plan: Plan, peopleOf: PeopleOf): ReadonlySet<number> {
  let atOnce = goingOn(plan);
  if (atOnce.size === 0) return atOnce;
  const most = mostSeated(plan, peopleOf, atOnce);
  for (const stage of inOrder(plan).filter(({ stage: number }) => atOnce.has(number))) {
    const without = new Set([...atOnce].filter((number) => number !== stage.stage));
    const isEnough = eligibleFor(stage, around(plan, peopleOf, without)).length >= stage.quorum;
    if (isEnough && mostSeated(plan, peopleOf, without) === most) atOnce = without;
  }
  return atOnce;
}

/** Is there a stage that waits out its seconds for people who are not there? */
export function waitsInVain(plan: Plan, peopleOf: PeopleOf): boolean {
  const now = plan.stages.filter(({ escalate }) => escalate?.after_seconds === 0).map(({ stage }) => stage);
  const ever = goingOn(plan);
  return now.length < ever.size && mostSeated(plan, peopleOf, new Set(now)) < mostSeated(plan, peopleOf, ever);
}

const inOrder = ({ stages }: Plan): Stage[] => stages.toSorted((a, b) => a.stage - b.stage);
const seatsIn = ({ stages }: Plan): number => stages.reduce((sum, { quorum }) => sum + quorum, 0);
const goingOn = ({ stages }: Plan): ReadonlySet<number> =>
  new Set(stages.filter(({ escalate }) => escalate !== undefined).map(({ stage }) => stage));

interface Around {
  peopleOf: PeopleOf;
  excluded: ReadonlySet<string>;
  /** The stages whose next group counts. */
  withNext: ReadonlySet<number>;
  /** A stage with as many people as the plan has seats can always be filled: more of them would change nothing. */
  atMost: number;
}

function around(plan: Plan, peopleOf: PeopleOf, withNext: ReadonlySet<number>): Around {
  const excluded = new Set(plan.excluded.map(({ person }) => person));
  return { peopleOf, excluded, withNext, atMost: seatsIn(plan) };
}

function eligibleFor(stage: Stage, { atMost, excluded, ...from }: Around): string[] {
  const able = new Set<string>();
  for (const person of peopleOfStage(stage, from)) {
    if (able.size >= atMost) break;
    if (person.active && !excluded.has(person.id) && hasLimit(person, stage)) able.add(person.id);
  }
  return [...able];
}

function* peopleOfStage(stage: Stage, { peopleOf, withNext }: Pick<Around, 'peopleOf' | 'withNext'>): Generator<Able> {
  for (const source of sourcesOf(stage)) yield* peopleOf(recipientOf(source));
  if (stage.escalate !== undefined && withNext.has(stage.stage)) yield* peopleOf(stage.escalate.to);
}

/** How many seats can have a person of their own: bipartite matching by augmenting paths (Kuhn). */
function mostSeated(plan: Plan, peopleOf: PeopleOf, withNext: ReadonlySet<number>): number {
  const all = around(plan, peopleOf, withNext);
  const seats = inOrder(plan).flatMap((stage) => Array<string[]>(stage.quorum).fill(eligibleFor(stage, all)));
  const seatOf = new Map<string, number>();
  const place = (seat: number, tried: Set<string>): boolean => {
    for (const person of seats[seat] ?? []) {
      if (tried.has(person)) continue;
      tried.add(person);
      const taken = seatOf.get(person);
      if (taken === undefined || place(taken, tried)) {
        seatOf.set(person, seat);
        return true;
      }
    }
    return false;
  };
  return seats.filter((_, seat) => place(seat, new Set())).length;
}
