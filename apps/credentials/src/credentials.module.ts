import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import {
  approvalCancelRequested,
  approvalGranted,
  policyAllowed,
  policyCancelRequested,
  registryChanged,
} from '#contracts';
import { DatabaseModule, TimersModule } from '#database';
import { callersModule, FactsModule, issuersOf, KeysModule, Peers, registryCopyMigrations } from '#facts';
import { MessagingModule, on } from '#messaging';
import { Log, Shutdown } from '#platform';
import { Envelope, KekProvider } from '#trust';
import { BackchannelLogoutController } from './backchannel-logout.controller.js';
import type { Settings } from './config.js';
import { CredentialsController } from './credentials.controller.js';
import { ExplanationsController } from './explanations.controller.js';
import { LeaseListController } from './lease-list.controller.js';
import { AcknowledgeLease } from './handlers/acknowledge-lease.js';
import { AlarmReplay, ReplayTables } from './handlers/alarm-replay.js';
import { ApplyChanges, leaseTimer } from './handlers/apply-changes.js';
import { CompareTarget } from './handlers/compare-target.js';
import { ConsumeFacts, ConsumeToken } from './handlers/consume-token.js';
import { BeginCeremony, BeginPull, BeginStepUp } from './handlers/begin-ceremony.js';
import { BeginEnrolment } from './handlers/begin-enrolment.js';
import { CutAhead } from './handlers/cut-ahead.js';
import { CutPulled, killTimer } from './handlers/cut-pulled.js';
import { CompleteLease, EndByPerson, LeaseAccess } from './handlers/end-by-person.js';
import { DropStranger, ListStrangers } from './handlers/drop-stranger.js';
import { EndLeases, EndingTables } from './handlers/end-leases.js';
import { EndOnAsk } from './handlers/end-on-ask.js';
import { EndSessions } from './handlers/end-sessions.js';
import { EndingBell } from './handlers/ending-bell.js';
import { EndingLife } from './handlers/ending-life.js';
import { ExplainAction } from './handlers/explain-action.js';
import { ConfirmedPulls } from './handlers/confirmed-pulls.js';
import { CeremonyResults, FinishCeremony, ReadAnswers } from './handlers/finish-ceremony.js';
import { Deliveries, deliveryTimer, ForgetDeliveries } from './handlers/deliveries.js';
import { KeepEnding } from './handlers/keep-ending.js';
import { ListLeases } from './handlers/list-leases.js';
import { LeaseWords } from './handlers/lease-words.js';
import { MeasureProfiles } from './handlers/measure-profiles.js';
import { MeetStranger } from './handlers/meet-stranger.js';
import { MintCredential } from './handlers/mint-credential.js';
import { IntentTables, MintIntent } from './handlers/mint-intent.js';
import { OfferAllowed } from './handlers/offer-allowed.js';
import { OfferGranted } from './handlers/offer-granted.js';
import { OfferFacts, OfferLeases, OfferTables } from './handlers/offer-leases.js';
import { OfferedLeases } from './handlers/offered-leases.js';
import { Officers } from './handlers/officers.js';
import { Pages } from './handlers/pages.js';
import { Pace } from './handlers/pace.js';
import { PulledSwitches, PullSwitch } from './handlers/pull-switch.js';
import { ReadPassed } from './handlers/read-passed.js';
import { ReconcileTargets } from './handlers/reconcile-targets.js';
import { RedeemAgain } from './handlers/redeem-again.js';
import { RedeemFacts } from './handlers/redeem-facts.js';
import { RedeemLease } from './handlers/redeem-lease.js';
import { RefuseUnreadable } from './handlers/refuse-unreadable.js';
import { EndPersonKey, RegisterPersonKey, ShowPersonKey } from './handlers/register-person-key.js';
import { ReleaseSwitch, ShowSwitch } from './handlers/release-switch.js';
import { RewrapSignIns } from './handlers/rewrap-sign-ins.js';
import { ShowAccess } from './handlers/show-access.js';
import { ShowCeremony } from './handlers/show-ceremony.js';
import { SweepAgain, SweepAgents, SweepSuspended, sweepTimer } from './handlers/sweep-suspended.js';
import { Transact } from './handlers/transact.js';
import { UnlessPulled } from './handlers/unless-pulled.js';
import { VoteProofs } from './handlers/vote-proofs.js';
import { WatchClock } from './handlers/watch-clock.js';
import { EndWebauthnKey, ListWebauthnKeys } from './handlers/webauthn-keys.js';
import { CeremonyStore } from './io/ceremony.store.js';
import { DeliveryStore } from './io/delivery.store.js';
import { EndedSessionStore } from './io/ended-session.store.js';
import { EndingStore } from './io/ending.store.js';
import { Explainer } from './io/issuers/explainer.js';
import { Issuers } from './io/issuers/issuers.js';
import { PostgresBrokeredIssuer } from './io/issuers/postgres-brokered.issuer.js';
import { PostgresRoleIssuer } from './io/issuers/postgres-role.issuer.js';
import { TargetPowers } from './io/issuers/target-powers.js';
import { TargetPools } from './io/issuers/target-pools.js';
import { TokenIssuer } from './io/issuers/token.issuer.js';
import { KeyFileKeks } from './io/keks/key-file.keks.js';
import { KillSwitchStore } from './io/kill-switch.store.js';
import { LeaseListStore } from './io/lease-list.store.js';
import { LeaseStore } from './io/lease.store.js';
import { OfferStore } from './io/offer.store.js';
import { OwnPersonKeys, PersonKeyStore } from './io/person-key.store.js';
import { PolicyClient } from './io/policy.client.js';
import { SealedSignInStore } from './io/sealed-sign-in.store.js';
import { StrangerStore } from './io/stranger.store.js';
import { SecretFiles } from './io/secret-files.js';
import { WebauthnKeyStore } from './io/webauthn-key.store.js';
import { KillSwitchController } from './kill-switch.controller.js';
import { ProfilesController } from './profiles.controller.js';
import { RedeemController } from './redeem.controller.js';
import { StrangersController } from './strangers.controller.js';
import { PersonKeyStateController } from './person-key-state.controller.js';
import { PersonKeysController } from './person-keys.controller.js';
import { AddDeliveries1795670000900 } from './migrations/add-deliveries.js';
import { AddPersonKeys1795651200600 } from './migrations/add-person-keys.js';
import { AddWebauthn1796083200620 } from './migrations/add-webauthn.js';
import { BrokerLeases1795660000700 } from './migrations/broker-leases.js';
import { CreateKillSwitch1795564800500 } from './migrations/create-kill-switch.js';
import { CreateLeases1795478400400 } from './migrations/create-leases.js';
import { EndSessions1796169600800 } from './migrations/end-sessions.js';
import { KeepInvariants1795660000710 } from './migrations/keep-invariants.js';
import { KeepStrangers1795670000800 } from './migrations/keep-strangers.js';
import { ListLeases1795478400410 } from './migrations/list-leases.js';
import { WrapSignIns1796083200700 } from './migrations/wrap-sign-ins.js';
import { StepUpController } from './step-up.controller.js';
import { WebauthnKeysController } from './webauthn-keys.controller.js';

export const migrations = [
  ...registryCopyMigrations,
  CreateLeases1795478400400,
  ListLeases1795478400410,
  CreateKillSwitch1795564800500,
  AddPersonKeys1795651200600,
  BrokerLeases1795660000700,
  KeepInvariants1795660000710,
  AddWebauthn1796083200620,
  KeepStrangers1795670000800,
  AddDeliveries1795670000900,
  WrapSignIns1796083200700,
  EndSessions1796169600800,
];

/** What this service hears. */
const hears = [
  on(policyAllowed, OfferAllowed),
  on(approvalGranted, OfferGranted),
  on(policyCancelRequested, EndOnAsk),
  on(approvalCancelRequested, EndOnAsk),
  on(registryChanged, SweepSuspended),
];

const timers = [
  { kind: leaseTimer, handler: WatchClock },
  { kind: sweepTimer, handler: SweepAgain },
  { kind: killTimer, handler: CutPulled },
  { kind: deliveryTimer, handler: ForgetDeliveries },
];

const handlers: Provider[] = [
  BeginCeremony, ConfirmedPulls, BeginEnrolment, BeginPull, BeginStepUp, CeremonyResults, EndWebauthnKey, FinishCeremony, ListWebauthnKeys, Pages, ReadAnswers, ShowCeremony,
  AcknowledgeLease, AlarmReplay, ApplyChanges, CompareTarget, CompleteLease, ConsumeFacts, ConsumeToken, CutAhead, CutPulled, DropStranger, EndByPerson, EndPersonKey, EndSessions, RegisterPersonKey, ShowPersonKey, VoteProofs, EndingBell, EndingLife, EndingTables, EndLeases, EndOnAsk, ExplainAction,
  Deliveries, ForgetDeliveries, IntentTables, KeepEnding, LeaseAccess, LeaseWords, ListLeases, ListStrangers, MeasureProfiles, MeetStranger, MintCredential, MintIntent, OfferAllowed, OfferedLeases, OfferFacts, OfferGranted,
  Officers, OfferLeases, OfferTables, PulledSwitches, PullSwitch, ReadPassed, ReconcileTargets, RedeemAgain, RedeemFacts, RedeemLease, RefuseUnreadable,
  ReleaseSwitch, ReplayTables, RewrapSignIns, ShowAccess, ShowSwitch, SweepAgain, SweepAgents, SweepSuspended, Transact, UnlessPulled, WatchClock,
]; // prettier-ignore

const stores: Provider[] = [
  CeremonyStore, WebauthnKeyStore, DeliveryStore, EndedSessionStore, EndingStore, Explainer, Issuers, KillSwitchStore, LeaseListStore, LeaseStore, OfferStore, Peers, PersonKeyStore, PolicyClient, SealedSignInStore, StrangerStore, TargetPowers, TokenIssuer,
]; // prettier-ignore

@Module({})
export class CredentialsModule {
  static forSettings(settings: Settings): DynamicModule {
    return {
      module: CredentialsModule,
      imports: [
        DatabaseModule.forService({ schema: 'credentials', migrations }),
        MessagingModule.forService({ service: 'credentials', hears, unreadable: RefuseUnreadable }),
        TimersModule.forHandlers(timers),
        KeysModule.forService(),
        FactsModule.forService(),
        callersModule(issuersOf(settings.SALLYPORT_OIDC_ISSUERS), (database) => new OwnPersonKeys(database)),
      ],
      controllers: [
        BackchannelLogoutController,
        CredentialsController,
        ExplanationsController,
        KillSwitchController,
        LeaseListController,
        PersonKeyStateController,
        PersonKeysController,
        ProfilesController,
        RedeemController,
        StepUpController,
        StrangersController,
        WebauthnKeysController,
      ],
      providers: [...handlers, ...stores, ...keks, ...configured(settings)],
    };
  }
}

/** Where key-encrypting keys are. Another place for them is one more file in `io/keks/`, named here. */
const keks: Provider[] = [
  { provide: KekProvider, useClass: KeyFileKeks },
  { provide: Envelope, inject: [KekProvider], useFactory: (provider: KekProvider) => new Envelope(provider) },
];

/** The parts that depend on settings. Only here does a secret's folder meet a connection. */
function configured(settings: Settings): Provider[] {
  const connections = settings.SALLYPORT_CREDENTIALS_TARGET_CONNECTIONS;
  const pace = new Pace(
    settings.SALLYPORT_CREDENTIALS_MINT_SECONDS,
    // One is left for what cannot wait: cutting all that was stopped, and a new mint.
    connections - 1,
    settings.SALLYPORT_CREDENTIALS_RECONCILE_SECONDS,
    settings.SALLYPORT_CREDENTIALS_ENDING_SECONDS,
  );
  return [
    { provide: Pace, useValue: pace },
    {
      provide: TargetPools,
      inject: [Log, Shutdown],
      useFactory: (log: Log, shutdown: Shutdown) => {
        const secrets = new SecretFiles(settings.SALLYPORT_CREDENTIALS_SECRETS_DIR);
        const limits = { connections, seconds: settings.SALLYPORT_CREDENTIALS_TARGET_SECONDS };
        const pools = new TargetPools(secrets, limits, log);
        shutdown.at('disconnect', 'targets', () => pools.close());
        return pools;
      },
    },
    {
      provide: PostgresRoleIssuer,
      inject: [TargetPools],
      useFactory: (pools: TargetPools) => new PostgresRoleIssuer(pools),
    },
    {
      provide: PostgresBrokeredIssuer,
      inject: [PostgresRoleIssuer, TargetPools, Log],
      useFactory: (roles: PostgresRoleIssuer, pools: TargetPools, log: Log) =>
        new PostgresBrokeredIssuer(roles, pools, log),
    },
  ];
}
