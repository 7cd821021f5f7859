import fc from 'fast-check';
import type { Plan, VoteBody } from '#contracts';
import { planOf, stageOf } from '../../apps/approvals/src/core/plan.fixture.js';

/**
 * `cora` is in both groups; `nina` and `omar` are in none at first, so they may receive seats; `olga` owns the agent and `paul` is its
 * principal, so neither ever decides.
 */
export const crowd = ['anna', 'ben', 'cora', 'sam', 'nina', 'omar', 'olga', 'paul'] as const;
export type Name = (typeof crowd)[number];
export const everybody: Record<Group, Name[]> = {
  dba: ['anna', 'ben', 'cora', 'olga'],
  security: ['cora', 'sam', 'paul'],
};
export type Group = 'dba' | 'security';
export const groups = ['dba', 'security'] as const satisfies Group[];

/** What policy wants of people. */
export const wishes = {
  both: planOf([stageOf({ quorum: 2 }), stageOf({ stage: 2, group: 'security' })]),
  other: planOf([stageOf({ group: 'security' }), stageOf({ stage: 2 })]),
  atOnce: planOf([stageOf({ quorum: 2 }), stageOf({ stage: 2, group: 'security' })], { parallel: true }),
  goingOn: planOf([stageOf({ quorum: 2, escalate: { after_seconds: 3_000, to: 'security' } })]),
  goingOnAtOnce: planOf(
    [stageOf({ escalate: { after_seconds: 3_000, to: 'security' } }), stageOf({ stage: 2, group: 'security' })],
    { parallel: true },
  ),
} as const satisfies Record<string, Plan>;

export type Wish = keyof typeof wishes;
const anyWish = fc.constantFrom<Wish>('both', 'other', 'atOnce', 'goingOn', 'goingOnAtOnce');
/** What policy wants at first. */
export const firstWish = anyWish.filter((wish) => wish !== 'other');

/** What policy answers when it is asked again before a vote. */
export type Says = 'allow' | 'deny' | 'silence' | Wish;
export type Side = 'left' | 'right';

/** What people and the clock do; several may happen at the same moment. */
export type Act =
  /** `stage`: named where all are open at once. */
  | { do: 'vote'; by: Name; decision: VoteBody['decision']; stage: number; at: Side }
  | { do: 'give'; by: Name; to: Name; at: Side }
  | { do: 'take_back'; by: Name; at: Side }
  | { do: 'withdraw' | 'stop'; by: Name; at: Side }
  | { do: 'timer'; at: Side }
  /** Somebody looks whether enough people are left, as after a change of this group. */
  | { do: 'reroute'; group: Group; at: Side }
  | { do: 'crash'; afterMs: number };

/** What changes around the request; it happens by itself. */
export type Turn =
  | { turn: 'group'; group: Group; members: Name[] }
  | { turn: 'person'; who: Name; isActive: boolean }
  | { turn: 'policy'; says: Says }
  | { turn: 'deadline' }
  /** Nobody has decided what is open for long enough. */
  | { turn: 'silence' }
  | { turn: 'restart'; at: Side };

const anyName = fc.constantFrom(...crowd);
const anySide = fc.constantFrom<Side>('left', 'right');
const yesMostly = fc.constantFrom<VoteBody['decision']>('approve', 'approve', 'approve', 'deny');
const aVote = fc.record({
  do: fc.constant('vote' as const),
  by: anyName,
  decision: yesMostly,
  stage: fc.constantFrom(1, 2),
  at: anySide,
});
const anEnd = fc.record({ do: fc.constantFrom('withdraw' as const, 'stop' as const), by: anyName, at: anySide });
const aTimer = fc.record({ do: fc.constant('timer' as const), at: anySide });
const aReroute = fc.record({ do: fc.constant('reroute' as const), group: fc.constantFrom(...groups), at: anySide });
const aCrash = fc.record({ do: fc.constant('crash' as const), afterMs: fc.integer({ min: 0, max: 12 }) });
const whoReceives = fc.constantFrom<Name>('nina', 'nina', 'omar', ...crowd);
const aGift = fc.record({ do: fc.constant('give' as const), by: anyName, to: whoReceives, at: anySide });
const aReturn = fc.record({ do: fc.constant('take_back' as const), by: anyName, at: anySide });
const votes = { weight: 12, arbitrary: aVote };
export const anyAct: fc.Arbitrary<Act> = fc.oneof(
  votes,
  { weight: 4, arbitrary: aGift },
  { weight: 1, arbitrary: aReturn },
  { weight: 2, arbitrary: aReroute },
  { weight: 1, arbitrary: anEnd },
  { weight: 1, arbitrary: aTimer },
);
export const anyActOrCrash: fc.Arbitrary<Act> = fc.oneof(
  { weight: 12, arbitrary: anyAct },
  { weight: 1, arbitrary: aCrash },
);
export const anyTurn: fc.Arbitrary<Turn> = fc.oneof(
  fc.record({ turn: fc.constant('group' as const), group: fc.constantFrom(...groups), members: fc.subarray([...crowd], { minLength: 1 }) }),
  fc.record({ turn: fc.constant('person' as const), who: anyName, isActive: fc.boolean() }),
  fc.record({ turn: fc.constant('policy' as const), says: fc.oneof({ weight: 2, arbitrary: fc.constantFrom<Says>('allow', 'silence', 'deny') }, { weight: 1, arbitrary: anyWish }) }),
  fc.record({ turn: fc.constant('restart' as const), at: anySide }),
  fc.record({ turn: fc.constant('deadline' as const) }),
  fc.record({ turn: fc.constant('silence' as const) }),
); // prettier-ignore
