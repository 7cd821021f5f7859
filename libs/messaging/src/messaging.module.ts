import { randomUUID } from 'node:crypto';
import { Database, Timers } from '#database';
import { CommonSettings, Log, Readiness, Shutdown, transportStrategy } from '#platform';
import {
  Inject,
  Injectable,
  Module,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnModuleInit,
  type Provider,
  type Type,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { Kafka } from 'kafkajs';
import { CompactedTopics } from './compacted-topics.js';
import { DeadLetters } from './dead-letters.js';
import { Handlers } from './handlers.js';
import type { Hearing } from './hears.js';
import type { UnreadableHandler } from './incoming.js';
import { connectionOf, kafkaClient, relayProducer } from './kafka/connection.js';
import { KafkaStrategy } from './kafka-strategy.js';
import { makeStrategy } from './make-strategy.js';
import { Outbox } from './outbox.js';
import { OutboxTable } from './relay/outbox-table.js';
import { Relay } from './relay/relay.js';
import { Sender } from './relay/sender.js';
import { Writers } from './relay/writers.js';
import { StartGate } from './start-gate.js';

export interface MessagingOptions {
  /** Name of the service: its CloudEvents source, its consumer group, and the heading of its dead letters. */
  service: string;
  hears: Hearing[];
  /** Ends what this service holds of a record that cannot be read. Left out where the service holds nothing. */
  unreadable?: Type<UnreadableHandler>;
  /** How long a consumer gathers under load before it fetches again; 10 ms by default, 50 to 100 for audit. */
  paceMs?: number;
}

const options = Symbol('messaging options');
const usualPaceMs = 10;

@Injectable()
class MessagingParts {
  constructor(
    readonly relay: Relay,
    readonly writers: Writers,
    @Inject(transportStrategy) readonly strategy: KafkaStrategy,
    readonly handlers: Handlers,
    @Inject(options) readonly given: MessagingOptions,
  ) {}
}

/**
 * Global: `Outbox`, `DeadLetters`, `CompactedTopics` and `StartGate` can be injected anywhere in the service. The handlers that
 * `hears` and `unreadable` name are providers of the service's own module.
 */
@Module({})
export class MessagingModule implements OnModuleInit, OnApplicationBootstrap {
  constructor(
    private readonly parts: MessagingParts,
    private readonly shutdown: Shutdown,
    private readonly readiness: Readiness,
  ) {}

  static forService(given: MessagingOptions): DynamicModule {
    const shared = [Outbox, DeadLetters, CompactedTopics, StartGate];
    return {
      module: MessagingModule,
      global: true,
      providers: [{ provide: options, useValue: given }, StartGate, MessagingParts, ...sending, ...hearing],
      exports: [...shared, transportStrategy],
    };
  }

  /** Sending starts here, before the first door is open: whoever commits a message can rely on it. */
  onModuleInit(): void {
    const { parts, shutdown, readiness } = this;
    const { relay, writers, strategy } = parts;
    relay.start();
    writers.start();
    readiness.register('hearing', () => Promise.resolve(strategy.report()));
    readiness.register('sending', () => Promise.resolve(relay.report()));
    shutdown.at('consumers', 'kafka', () => strategy.close(), 12_000);
    shutdown.at('outbox', 'relay', () => relay.drain(), 5_000);
    shutdown.at('disconnect', 'consumer', () => strategy.disconnect());
    shutdown.at('disconnect', 'relay', async () => {
      await relay.stop();
      await writers.stop();
    });
  }

  onApplicationBootstrap(): void {
    const { given, handlers } = this.parts;
    const { hears, unreadable } = given;
    handlers.mustExist([...hears.map(({ handler }) => handler), ...(unreadable ? [unreadable] : [])]);
  }
}

const sending: Provider[] = [
  {
    provide: Kafka,
    inject: [options, CommonSettings, Log],
    useFactory: ({ service }: MessagingOptions, settings: CommonSettings, log: Log) =>
      kafkaClient(connectionOf(settings, `sallyport.${service}`), log),
  },
  {
    provide: OutboxTable,
    inject: [Database],
    useFactory: (database: Database) => new OutboxTable(database, randomUUID()),
  },
  {
    provide: Relay,
    inject: [OutboxTable, Kafka, Log],
    useFactory: (table: OutboxTable, kafka: Kafka, log: Log) => {
      const sender = (): Sender => new Sender(() => relayProducer(kafka));
      return new Relay({ table, sender: sender(), probe: sender(), log });
    },
  },
  {
    provide: Writers,
    inject: [Database, Timers, OutboxTable, Relay, Log],
    useFactory: (...[database, timers, table, relay, log]: [Database, Timers, OutboxTable, Relay, Log]) =>
      new Writers({ database, timers, writer: table.writer, relay, log }),
  },
  {
    provide: Outbox,
    inject: [options, OutboxTable, Relay],
    useFactory: ({ service }: MessagingOptions, table: OutboxTable, relay: Relay) =>
      new Outbox({ service, table, relay }),
  },
  {
    provide: DeadLetters,
    inject: [options, Outbox],
    useFactory: ({ service }: MessagingOptions, outbox: Outbox) => new DeadLetters(outbox, service),
  },
];

const hearing: Provider[] = [
  { provide: Handlers, inject: [ModuleRef], useFactory: (modules: ModuleRef) => new Handlers(modules) },
  {
    provide: CompactedTopics,
    inject: [options, Kafka, Log],
    useFactory: ({ service }: MessagingOptions, kafka: Kafka, log: Log) => new CompactedTopics(kafka, service, log),
  },
  {
    provide: transportStrategy,
    inject: [options, StartGate, Kafka, Database, DeadLetters, Handlers, Log],
    useFactory: (...[given, gate, kafka, database, deadLetters, handlers, log]: StrategyArguments) => {
      const { service, hears, unreadable, paceMs = usualPaceMs } = given;
      const needs = { gate, kafka, database, deadLetters, handlers, log };
      return makeStrategy({ ...needs, service, hears, unreadable, paceMs });
    },
  },
];

type StrategyArguments = [MessagingOptions, StartGate, Kafka, Database, DeadLetters, Handlers, Log];
