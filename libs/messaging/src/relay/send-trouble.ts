import { causesOf } from '../causes.js';

/**
 * Why a send failed. `topic`: missing or not authorised, others may go on. `record`: too large or refused for what it is.
 * `unavailable`: the broker, the network, a leader that is being elected; everything waits.
 */
export interface Trouble {
  kind: 'topic' | 'record' | 'unavailable';
  error: unknown;
}

const kinds: ReadonlyMap<unknown, Trouble['kind']> = new Map<unknown, Trouble['kind']>([
  ['UNKNOWN_TOPIC_OR_PARTITION', 'topic'],
  ['TOPIC_AUTHORIZATION_FAILED', 'topic'],
  ['INVALID_TOPIC_EXCEPTION', 'topic'],
  ['KafkaJSMetadataNotLoaded', 'topic'],
  ['KafkaJSTopicMetadataNotLoaded', 'topic'],
  ['MESSAGE_TOO_LARGE', 'record'],
  ['RECORD_LIST_TOO_LARGE', 'record'],
  ['INVALID_RECORD', 'record'],
  ['POLICY_VIOLATION', 'record'],
]);

/** Looks through the wrappers that kafkajs puts around the broker's answer. */
export function troubleOf(error: unknown): Trouble {
  for (const { type, name } of causesOf(error)) {
    const kind = kinds.get(type) ?? kinds.get(name);
    if (kind) return { kind, error };
  }
  return { kind: 'unavailable', error };
}
