export { CompactedTopics, type CompactedReading, type ReadOptions } from './compacted-topics.js';
export { DeadLetters, type DeadLetter } from './dead-letters.js';
export { on, onAny, onRaw, type Hearing } from './hears.js';
export type {
  AnyHandler,
  Incoming,
  RawHandler,
  RawRecord,
  SliceHandler,
  Unreadable,
  UnreadableCode,
  UnreadableHandler,
} from './incoming.js';
export { connectionOf, type KafkaConnection } from './kafka/connection.js';
export { MessagingModule, type MessagingOptions } from './messaging.module.js';
export { Outbox } from './outbox.js';
export type { RawOut, Said } from './said.js';
export { StartGate } from './start-gate.js';
export { topicsApply, TopicsRefused, type TopicsApplied, type TopicsToApply } from './topics-apply.js';
export type { Principals } from './topic-acls.js';
export { withKafkaAdmin } from './kafka/admin.js';
export { quietRequestQueue } from './kafka/request-queue.js';
