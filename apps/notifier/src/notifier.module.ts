import { Module, type DynamicModule } from '@nestjs/common';
import { registryChanged, topics } from '#contracts';
import { DatabaseModule, TimersModule } from '#database';
import { callersModule, FactsModule, issuersOf, KeysModule, registryCopyMigrations } from '#facts';
import { MessagingModule, on, onAny } from '#messaging';
import type { Settings } from './config.js';
import { concerns } from './core/heard.js';
import { Audiences } from './handlers/audiences.js';
import { ForwardOutcomes } from './handlers/forward-outcomes.js';
import { ListChannels } from './handlers/list-channels.js';
import { AttemptMessage } from './handlers/attempt-message.js';
import { FollowActions } from './handlers/follow-actions.js';
import { ReadEvents } from './handlers/read-events.js';
import { RecordEvents } from './handlers/record-events.js';
import { RefuseForged } from './handlers/refuse-forged.js';
import { Remind } from './handlers/remind.js';
import { SendMessages } from './handlers/send-messages.js';
import { ShowAction } from './handlers/show-action.js';
import { TellNewcomers } from './handlers/tell-newcomers.js';
import { reminderTimer, TellPeople } from './handlers/tell-people.js';
import { ActionStore } from './io/action.store.js';
import { MailDoor } from './io/mail.js';
import { MessageStore } from './io/message.store.js';
import { RequestLinks } from './io/request-links.js';
import { Secrets } from './io/secrets.js';
import { Waiters } from './io/waiters.js';
import { WebhookDoor } from './io/webhook.js';
import { CreateNotifier } from './migrations/create-notifier.js';
import { FindWaiting } from './migrations/find-waiting.js';
import { FollowEscalations } from './migrations/follow-escalations.js';
import { KeepQuestions } from './migrations/keep-questions.js';
import { NotifierController } from './notifier.controller.js';

export const migrations = [...registryCopyMigrations, CreateNotifier, FollowEscalations, KeepQuestions, FindWaiting];

const heard = [topics.actions, topics.decisions, topics.approvals, topics.leases];

const hears = [
  onAny(heard, RecordEvents, concerns),
  on(registryChanged, TellNewcomers, ({ kind }) => kind === 'groups'),
];

@Module({})
export class NotifierModule {
  static forSettings(settings: Settings): DynamicModule {
    return {
      module: NotifierModule,
      imports: [
        DatabaseModule.forService({ schema: 'notifier', migrations }),
        MessagingModule.forService({ service: 'notifier', hears }),
        TimersModule.forHandlers([{ kind: reminderTimer, handler: Remind, paced: true }]),
        KeysModule.forService(),
        FactsModule.forService(),
        callersModule(issuersOf(settings.SALLYPORT_OIDC_ISSUERS)),
      ],
      controllers: [NotifierController],
      providers: [
        AttemptMessage,
        Audiences,
        FollowActions,
        ReadEvents,
        RefuseForged, ForwardOutcomes, ListChannels, RecordEvents, Remind, SendMessages, ShowAction, TellNewcomers, TellPeople,
        ActionStore, MessageStore, Waiters,
        {
          provide: MailDoor,
          useFactory: () => new MailDoor(settings.SALLYPORT_NOTIFIER_SMTP_URL, settings.SALLYPORT_NOTIFIER_MAIL_FROM),
        },
        { provide: WebhookDoor, useFactory: () => new WebhookDoor() },
        { provide: RequestLinks, useFactory: () => new RequestLinks(settings.SALLYPORT_APPROVALS_URL) },
        { provide: Secrets, useFactory: () => new Secrets(settings.SALLYPORT_NOTIFIER_SECRETS_DIR) },
      ], // prettier-ignore
    };
  }
}
