import {
  approvalCancelled, approvalDenied, approvalExpired, approvalGranted, approvalOpened, approvalReplaced, topics,
} from '#contracts'; // prettier-ignore
import { DatabaseModule, TimersModule } from '#database';
import { callersModule, FactsModule, KeysModule, registryCopyMigrations } from '#facts';
import { MessagingModule, on, onRaw } from '#messaging';
import { Module, type DynamicModule } from '@nestjs/common';
import { CancelAction } from './handlers/cancel-action.js';
import { ConsultRegistry } from './handlers/consult-registry.js';
import { followWaiting, NoteEnded, NoteGranted, NoteOpened } from './handlers/follow-waiting.js';
import { FreezeActions } from './handlers/freeze-actions.js';
import { KeepLimits } from './handlers/keep-limits.js';
import { KeepMonths, monthsTimer } from './handlers/keep-months.js';
import { SayCancel } from './handlers/say-cancel.js';
import { SayFrozen } from './handlers/say-frozen.js';
import { SubmitAction } from './handlers/submit-action.js';
import { Supersede } from './handlers/supersede.js';
import { TakeRequests } from './handlers/take-requests.js';
import { IntakeController } from './intake.controller.js';
import { ActionSchemas } from './io/action-schemas.js';
import { ActionsStore } from './io/actions.store.js';
import { QuotasStore } from './io/quotas.store.js';
import { UnauthenticStore } from './io/unauthentic.store.js';
import { WaitingStore } from './io/waiting.store.js';
import { CountWaiting } from './migrations/count-waiting.js';
import { CreateActions } from './migrations/create-actions.js';

export const migrations = [...registryCopyMigrations, CreateActions, CountWaiting];

/** Requests of agents, and from approvals what waits for people. */
const hears = [
  onRaw(topics.requests, TakeRequests),
  on(approvalOpened, NoteOpened),
  on(approvalReplaced, NoteOpened),
  on(approvalGranted, NoteGranted),
  on(approvalDenied, NoteEnded),
  on(approvalExpired, NoteEnded),
  on(approvalCancelled, NoteEnded),
];

@Module({})
export class IntakeModule {
  static forService(): DynamicModule {
    return {
      module: IntakeModule,
      imports: [
        DatabaseModule.forService({ schema: 'intake', migrations }),
        MessagingModule.forService({ service: 'intake', hears }),
        TimersModule.forHandlers([{ kind: monthsTimer, handler: KeepMonths }]),
        KeysModule.forService(),
        FactsModule.forService(),
        // No person calls here: agents sign what they ask for, and prove their key where they ask to end it.
        callersModule([]),
      ],
      controllers: [IntakeController],
      providers: [
        ...followWaiting,
        CancelAction,
        ConsultRegistry,
        FreezeActions,
        KeepLimits,
        KeepMonths,
        SayCancel,
        SayFrozen,
        SubmitAction,
        Supersede,
        TakeRequests,
        ActionSchemas,
        ActionsStore,
        QuotasStore,
        UnauthenticStore,
        WaitingStore,
      ],
    };
  }
}
