import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { policyAllowed, policyApprovalRequired, policyCancelRequested, registryChanged } from '#contracts';
import { DatabaseModule, TimersModule } from '#database';
import { AskedKeys, callersModule, FactsModule, issuersOf, KeysModule, Peers, registryCopyMigrations } from '#facts';
import { MessagingModule, on } from '#messaging';
import { PersonKeys } from '#trust/http';
import { ApprovalsBesideController } from './approvals-beside.controller.js';
import { ApprovalsController } from './approvals.controller.js';
import { ApprovalsStreamController } from './approvals-stream.controller.js';
import type { Settings } from './config.js';
import { mayWantReview } from './core/review.js';
import { AnnounceOpenings } from './handlers/announce-openings.js';
import { AskAgent } from './handlers/ask-agent.js';
import { AskToEnd } from './handlers/ask-to-end.js';
import { CastVote } from './handlers/cast-vote.js';
import { CloseReview } from './handlers/close-review.js';
import { CountVote } from './handlers/count-vote.js';
import { DecideVote } from './handlers/decide-vote.js';
import { DelegateSeat } from './handlers/delegate-seat.js';
import { EarlierVotes } from './handlers/earlier-votes.js';
import { EndApprovals } from './handlers/end-approvals.js';
import { EndAsked } from './handlers/end-asked.js';
import { EndByPerson } from './handlers/end-by-person.js';
import { EndSeats } from './handlers/end-seats.js';
import { EndUnreadable } from './handlers/end-unreadable.js';
import { EscalateApprovals } from './handlers/escalate-approvals.js';
import { ExpireApprovals } from './handlers/expire-approvals.js';
import { FindStuck } from './handlers/find-stuck.js';
import { FollowRegistry } from './handlers/follow-registry.js';
import { GoOnAtOnce } from './handlers/go-on-at-once.js';
import { HoldToLimits } from './handlers/hold-to-limits.js';
import { JudgeAgain } from './handlers/judge-again.js';
import { JudgeInVain } from './handlers/judge-in-vain.js';
import { ListApprovals } from './handlers/list-approvals.js';
import { ListReviews } from './handlers/list-reviews.js';
import { LoadCase } from './handlers/load-case.js';
import { LookAtRouting } from './handlers/look-at-routing.js';
import { NoteChanges } from './handlers/note-changes.js';
import { OpenApprovals } from './handlers/open-approvals.js';
import { OpeningRows } from './handlers/opening-rows.js';
import { OpenReviews } from './handlers/open-reviews.js';
import { ReadEvidence } from './handlers/read-evidence.js';
import { ReadProof } from './handlers/read-proof.js';
import { ReplacePlan } from './handlers/replace-plan.js';
import { Reroute } from './handlers/reroute.js';
import { SaySeats } from './handlers/say-seats.js';
import { SeatTables } from './handlers/seat-tables.js';
import { ShowApproval } from './handlers/show-approval.js';
import { ShowEvidence } from './handlers/show-evidence.js';
import { StreamApprovals } from './handlers/stream-approvals.js';
import { SuspendAgents } from './handlers/suspend-agents.js';
import { Sweep, SweepAgain, SweepSuspended } from './handlers/sweep-suspended.js';
import {
  endSeatsAgainTimer,
  endSeatsTimer,
  escalateTimer,
  expireTimer,
  goOnTimer,
  rerouteAgainTimer,
  rerouteTimer,
  suspendTimer,
  sweepTimer,
} from './handlers/timer-kinds.js';
import { ApprovalStore } from './io/approval.store.js';
import { CaseStore } from './io/case.store.js';
import { ChangeStore } from './io/change.store.js';
import { DelegationStore } from './io/delegation.store.js';
import { FrozenEntryStore } from './io/frozen-entry.store.js';
import { InboxStore } from './io/inbox.store.js';
import { OpenPlanStore } from './io/open-plan.store.js';
import { OpeningStore } from './io/opening.store.js';
import { Outcomes } from './io/outcomes.js';
import { HttpPolicyDoor, PolicyDoor } from './io/policy-door.js';
import { HttpRegistryDoor, RegistryDoor } from './io/registry-door.js';
import { RegistryFacts } from './io/registry-facts.js';
import { ReviewStore } from './io/review.store.js';
import { SuspensionStore } from './io/suspension.store.js';
import { VoteSigner } from './io/vote-signer.js';
import { VoteStore } from './io/vote.store.js';
import { WaitingStore } from './io/waiting.store.js';
import { LandingController } from './landing.controller.js';
import { AddPersonKeys } from './migrations/add-person-keys.js';
import { AskByPlan } from './migrations/ask-by-plan.js';
import { ConfirmVotes } from './migrations/confirm-votes.js';
import { CreateApprovals } from './migrations/create-approvals.js';
import { DescribeRequests } from './migrations/describe-requests.js';
import { FindGranted } from './migrations/find-granted.js';
import { GiveSeats } from './migrations/give-seats.js';
import { KeepViews } from './migrations/keep-views.js';
import { NumberChanges } from './migrations/number-changes.js';
import { ReadAsFarAsNeeded } from './migrations/read-as-far-as-needed.js';
import { RememberCalls } from './migrations/remember-calls.js';
import { ReviewsController } from './reviews.controller.js';
import { RoutingController } from './routing.controller.js';

/** All of this service's schema but the shared tables, in the order in which they run. */
export const migrations = [
  ...registryCopyMigrations,
  CreateApprovals,
  NumberChanges,
  AddPersonKeys,
  RememberCalls,
  ConfirmVotes,
  DescribeRequests,
  FindGranted,
  KeepViews,
  AskByPlan,
  GiveSeats,
  ReadAsFarAsNeeded,
];

/** What this service hears. Everything else it does, people or the clock make it do. */
const hears = [
  on(policyApprovalRequired, OpenApprovals),
  on(policyAllowed, OpenReviews, ({ evidence }) => mayWantReview(evidence.verdict)),
  on(policyCancelRequested, EndAsked),
  on(registryChanged, FollowRegistry),
];

const timers = TimersModule.forHandlers([
  { kind: expireTimer, handler: ExpireApprovals, paced: true },
  { kind: escalateTimer, handler: EscalateApprovals, paced: true },
  { kind: goOnTimer, handler: GoOnAtOnce },
  { kind: sweepTimer, handler: SweepAgain },
  { kind: suspendTimer, handler: SuspendAgents },
  { kind: rerouteTimer, handler: Reroute },
  { kind: rerouteAgainTimer, handler: Reroute },
  { kind: endSeatsTimer, handler: EndSeats },
  { kind: endSeatsAgainTimer, handler: EndSeats },
]);

const handlers: Provider[] = [
  AnnounceOpenings, AskAgent, AskToEnd, CastVote, CloseReview, CountVote, DecideVote, DelegateSeat, EarlierVotes, EndApprovals, EndAsked, EndByPerson,
  EndSeats, EndUnreadable, EscalateApprovals, ExpireApprovals, FindStuck, FollowRegistry, GoOnAtOnce, HoldToLimits, JudgeAgain, JudgeInVain, ListApprovals,
  ListReviews, LoadCase, LookAtRouting, NoteChanges, OpenApprovals, OpeningRows, OpenReviews, ReadEvidence, ReadProof, ReplacePlan, Reroute, SaySeats, SeatTables,
  ShowApproval, ShowEvidence, StreamApprovals, SuspendAgents, Sweep, SweepAgain, SweepSuspended,
]; // prettier-ignore

const stores: Provider[] = [
  ApprovalStore, CaseStore, ChangeStore, DelegationStore, FrozenEntryStore, InboxStore, OpeningStore, OpenPlanStore, Outcomes, RegistryFacts, ReviewStore, SuspensionStore,
  VoteSigner, VoteStore, WaitingStore,
]; // prettier-ignore

/** The other services, as this one calls them. */
const doors: Provider[] = [
  Peers,
  { provide: PersonKeys, inject: [Peers], useFactory: (peers: Peers) => new AskedKeys(peers) },
  { provide: PolicyDoor, useClass: HttpPolicyDoor },
  { provide: RegistryDoor, useClass: HttpRegistryDoor },
];

/** Everything that acts and everything that stores: what a spec makes without a broker and without the other services. */
export const parts: Provider[] = [...handlers, ...stores];

@Module({})
export class ApprovalsModule {
  static forSettings(settings: Settings): DynamicModule {
    return {
      module: ApprovalsModule,
      imports: [
        DatabaseModule.forService({ schema: 'approvals', migrations }),
        MessagingModule.forService({ service: 'approvals', hears, unreadable: EndUnreadable }),
        timers,
        KeysModule.forService(),
        FactsModule.forService(),
        callersModule(issuersOf(settings.SALLYPORT_OIDC_ISSUERS)),
      ],
      controllers: [
        LandingController,
        ApprovalsStreamController,
        ApprovalsController,
        ApprovalsBesideController,
        ReviewsController,
        RoutingController,
      ],
      providers: [...parts, ...doors],
    };
  }
}
