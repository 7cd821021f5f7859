import type { Database } from '#database';
import type { Log } from '#platform';
import type { Type } from '@nestjs/common';
import type { Kafka } from 'kafkajs';
import { Consumption } from './consumption.js';
import type { DeadLetters } from './dead-letters.js';
import type { Handlers } from './handlers.js';
import type { Hearing } from './hears.js';
import type { UnreadableHandler } from './incoming.js';
import { KafkaStrategy } from './kafka-strategy.js';
import { Coalescer } from './runner/coalescer.js';
import { InboxTable } from './runner/inbox.js';
import type { OffsetCommits } from './runner/offset-commits.js';
import { Pacer } from './runner/pacer.js';
import { Pauses } from './runner/pauses.js';
import { Routes } from './runner/routes.js';
import { Runner } from './runner/runner.js';
import { Settler } from './runner/settler.js';
import { SliceTransaction } from './runner/slice-transaction.js';
import type { StartGate } from './start-gate.js';

export interface StrategyNeeds {
  service: string;
  hears: readonly Hearing[];
  unreadable: Type<UnreadableHandler> | undefined;
  paceMs: number;
  gate: StartGate;
  kafka: Kafka;
  database: Database;
  deadLetters: DeadLetters;
  handlers: Handlers;
  log: Log;
}

export function makeStrategy(needs: StrategyNeeds): KafkaStrategy {
  const { service, hears, gate, kafka, handlers, log } = needs;
  if (hears.length === 0) return new KafkaStrategy({ gate, hearing: undefined });
  const pauses = new Pauses(log);
  const routes = new Routes(hears, (handler) => handlers.get(handler));
  const group = { groupId: `sallyport.${service}`, topics: routes.topics };
  const consumption = new Consumption({ ...group, kafka, pauses, log, die });
  const runner = makeRunner(needs, { routes, pauses, offsets: consumption.offsets });
  return new KafkaStrategy({ gate, hearing: { consumption, runner } });
}

/** The steps in their order: read and validate, gather, drop what was seen, handle in rounds, commit, resolve. */
function makeRunner(
  { database, deadLetters, unreadable, handlers, paceMs, log }: StrategyNeeds,
  parts: { routes: Routes; pauses: Pauses; offsets: OffsetCommits },
): Runner {
  const ending = unreadable && lazily(unreadable, handlers);
  const transaction = new SliceTransaction({ database, inbox: new InboxTable(), deadLetters, unreadable: ending });
  const coalescer = new Coalescer(new Settler(transaction, log));
  return new Runner({ ...parts, coalescer, pacer: new Pacer(paceMs), log });
}

function lazily(unreadable: Type<UnreadableHandler>, handlers: Handlers): UnreadableHandler {
  return { handle: (records, tx) => (handlers.get(unreadable) as UnreadableHandler).handle(records, tx) };
}

/** kafkajs will not start this consumer again; a fresh process will. */
function die(): never {
  process.exit(1);
}
