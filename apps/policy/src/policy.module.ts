import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import {
  actionAccepted, actionCancelRequested, approvalCancelled, approvalDenied, approvalExpired, leaseCancelled, leaseEnded, leaseLapsed,
  leaseRefused, leaseReleased, reviewClosed,
} from '#contracts'; // prettier-ignore
import { DatabaseModule } from '#database';
import { callersModule, FactsModule, KeysModule, Peers, registryCopyMigrations } from '#facts';
import { MessagingModule, on } from '#messaging';
import type { Settings } from './config.js';
import { CloseReviews } from './handlers/close-reviews.js';
import { DecideSlice } from './handlers/decide-slice.js';
import { EndHeld } from './handlers/end-held.js';
import { EndUnreadable } from './handlers/end-unreadable.js';
import { ExplainStatements } from './handlers/explain-statements.js';
import { FreeReservations } from './handlers/free-reservations.js';
import { HearDenials } from './handlers/hear-denials.js';
import { JudgeActions } from './handlers/judge-actions.js';
import { JudgeAgain } from './handlers/judge-again.js';
import { PassOnAsks } from './handlers/pass-on-asks.js';
import { ReadActions } from './handlers/read-actions.js';
import { SayVerdicts } from './handlers/say-verdicts.js';
import { SettleReservations } from './handlers/settle-reservations.js';
import { ShowCaps } from './handlers/show-caps.js';
import { SpendReservations } from './handlers/spend-reservations.js';
import { AccountStore } from './io/account.store.js';
import { ActionStore } from './io/action.store.js';
import { CredentialsDoor, HttpCredentialsDoor } from './io/credentials-door.js';
import { CurrentRegistry } from './io/current-registry.js';
import { Decider } from './io/decider.js';
import { Evidence } from './io/evidence.js';
import { PolicyFiles, PolicyRuntime } from './io/policy-runtime.js';
import { RegistryView } from './io/registry-view.js';
import { RefusalStore } from './io/refusal.store.js';
import { ReviewStore } from './io/review.store.js';
import { SqlParser } from './io/sql-parser.js';
import { StandingStore } from './io/standing.store.js';
import { CreatePolicy } from './migrations/create-policy.js';
import { RememberRefusals } from './migrations/remember-refusals.js';
import { PolicyController } from './policy.controller.js';
import { RoutingController } from './routing.controller.js';

/** All of this service's schema but the shared tables, in the order in which they run. */
export const migrations = [...registryCopyMigrations, CreatePolicy, RememberRefusals];

/** What this service hears. It also hears the registry, through `FactsModule`. */
const hears = [
  on(actionAccepted, JudgeActions),
  on(actionCancelRequested, PassOnAsks),
  on(approvalDenied, HearDenials),
  on(approvalExpired, FreeReservations),
  on(approvalCancelled, FreeReservations),
  on(reviewClosed, CloseReviews),
  on(leaseReleased, SpendReservations),
  on(leaseEnded, SpendReservations),
  on(leaseRefused, FreeReservations),
  on(leaseLapsed, FreeReservations),
  on(leaseCancelled, FreeReservations),
];

/** Everything that acts and everything that stores: what a spec makes without a broker and without the other services. */
export const parts: Provider[] = [
  CloseReviews, DecideSlice, EndHeld, EndUnreadable, ExplainStatements, FreeReservations, HearDenials, JudgeActions, JudgeAgain, PassOnAsks, ReadActions,
  SayVerdicts, SettleReservations, ShowCaps, SpendReservations,
  AccountStore, ActionStore, CurrentRegistry, Decider, Evidence, PolicyRuntime, RefusalStore, RegistryView, ReviewStore, SqlParser, StandingStore,
]; // prettier-ignore

const outside: Provider[] = [Peers, { provide: CredentialsDoor, useClass: HttpCredentialsDoor }];

@Module({})
export class PolicyModule {
  static forSettings(settings: Settings): DynamicModule {
    return {
      module: PolicyModule,
      imports: [
        DatabaseModule.forService({ schema: 'policy', migrations }),
        MessagingModule.forService({ service: 'policy', hears, unreadable: EndUnreadable }),
        KeysModule.forService(),
        FactsModule.forService(),
        callersModule([]),
      ],
      controllers: [PolicyController, RoutingController],
      providers: [...parts, ...outside, { provide: PolicyFiles, useValue: filesOf(settings) }],
    };
  }
}

function filesOf({
  SALLYPORT_POLICY_BUNDLE_FILE: bundle,
  SALLYPORT_POLICY_CONFIG_FILE: config,
}: Settings): PolicyFiles {
  return new PolicyFiles(bundle, config);
}
