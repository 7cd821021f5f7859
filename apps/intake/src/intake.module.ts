import { topics } from '#contracts';
import { DatabaseModule, TimersModule } from '#database';
import { callersModule, FactsModule, KeysModule, registryCopyMigrations } from '#facts';
import { MessagingModule, onRaw } from '#messaging';
import { Module, type DynamicModule } from '@nestjs/common';
import { CancelAction } from './handlers/cancel-action.js';
import { ConsultRegistry } from './handlers/consult-registry.js';
import { FreezeActions } from './handlers/freeze-actions.js';
import { KeepMonths, monthsTimer } from './handlers/keep-months.js';
import { SayFrozen } from './handlers/say-frozen.js';
import { SubmitAction } from './handlers/submit-action.js';
import { TakeRequests } from './handlers/take-requests.js';
import { IntakeController } from './intake.controller.js';
import { ActionSchemas } from './io/action-schemas.js';
import { ActionsStore } from './io/actions.store.js';
import { QuotasStore } from './io/quotas.store.js';
import { UnauthenticStore } from './io/unauthentic.store.js';
import { CreateActions } from './migrations/create-actions.js';

export const migrations = [...registryCopyMigrations, CreateActions];

@Module({})
export class IntakeModule {
  static forService(): DynamicModule {
    return {
      module: IntakeModule,
      imports: [
        DatabaseModule.forService({ schema: 'intake', migrations }),
        MessagingModule.forService({ service: 'intake', hears: [onRaw(topics.requests, TakeRequests)] }),
        TimersModule.forHandlers([{ kind: monthsTimer, handler: KeepMonths }]),
        KeysModule.forService(),
        FactsModule.forService(),
        // No person calls here: agents sign what they ask for, and prove their key where they ask to end it.
        callersModule([]),
      ],
      controllers: [IntakeController],
      providers: [
        CancelAction,
        ConsultRegistry,
        FreezeActions,
        KeepMonths,
        SayFrozen,
        SubmitAction,
        TakeRequests,
        ActionSchemas,
        ActionsStore,
        QuotasStore,
        UnauthenticStore,
      ],
    };
  }
}
