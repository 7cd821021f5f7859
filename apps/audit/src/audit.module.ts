import { Module, type DynamicModule } from '@nestjs/common';
import { topics } from '#contracts';
import { DatabaseModule } from '#database';
import { callersModule, FactsModule, issuersOf, KeysModule, registryCopyMigrations } from '#facts';
import { MessagingModule, onAny } from '#messaging';
import { Keyring } from '#trust';
import { AuditController } from './audit.controller.js';
import type { Settings } from './config.js';
import { AppendLeaves } from './handlers/append-leaves.js';
import { ExportLog } from './handlers/export-log.js';
import { CheckpointPeriod, KeepSigning } from './handlers/keep-signing.js';
import { SignCheckpoint } from './handlers/sign-checkpoint.js';
import { CheckpointKey } from './io/checkpoint-key.js';
import { LogStore } from './io/log.store.js';
import { TrustFilePath } from './io/trust-file-path.js';
import { CreateLog } from './migrations/create-log.js';

export const migrations = [...registryCopyMigrations, CreateLog];

/** Everything that services say; what agents write and what they are told is not evidence of its own. */
const heard = [topics.actions, topics.decisions, topics.approvals, topics.leases, topics.registry];

/** Gathers longer than the others: nobody waits for a leaf, and every transaction takes the head's lock. */
const paceMs = 60;

@Module({})
export class AuditModule {
  static forSettings(settings: Settings): DynamicModule {
    return {
      module: AuditModule,
      imports: [
        DatabaseModule.forService({ schema: 'audit', migrations }),
        MessagingModule.forService({ service: 'audit', hears: [onAny(heard, AppendLeaves)], paceMs }),
        KeysModule.forService(),
        FactsModule.forService(),
        callersModule(issuersOf(settings.SALLYPORT_OIDC_ISSUERS)),
      ],
      controllers: [AuditController],
      providers: [
        AppendLeaves,
        ExportLog,
        KeepSigning,
        LogStore,
        SignCheckpoint,
        { provide: CheckpointPeriod, useValue: new CheckpointPeriod(settings.SALLYPORT_AUDIT_CHECKPOINT_SECONDS) },
        { provide: TrustFilePath, useValue: new TrustFilePath(settings.SALLYPORT_TRUST_FILE) },
        {
          provide: CheckpointKey,
          inject: [Keyring],
          useFactory: (keyring: Keyring) => new CheckpointKey(keyring, settings.SALLYPORT_AUDIT_LOG_NAME),
        },
      ],
    };
  }
}
