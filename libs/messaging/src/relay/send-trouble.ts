/**
 * Why a send failed. `topic`: missing or not authorised, others may go on. `record`: too large or refused for what it is.
 * `unavailable`: the broker, the network, a leader that is being elected; everything waits.
 */
export interface Trouble {
  kind: 'topic' | 'record' | 'unavailable';
  error: unknown;
}

const topicTypes = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'TOPIC_AUTHORIZATION_FAILED', 'INVALID_TOPIC_EXCEPTION']);
const recordTypes = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD', 'POLICY_VIOLATION']);
const topicNames = new Set(['KafkaJSMetadataNotLoaded', 'KafkaJSTopicMetadataNotLoaded']);

const deepest = 8;

/** Looks through the wrappers that kafkajs puts around the broker's answer. */
export function troubleOf(error: unknown): Trouble {
  let current: unknown = error;
  for (let depth = 0; depth < deepest && current instanceof Error; depth += 1) {
    const { type } = current as { type?: unknown };
    if (typeof type === 'string' && topicTypes.has(type)) return { kind: 'topic', error };
    if (typeof type === 'string' && recordTypes.has(type)) return { kind: 'record', error };
    if (topicNames.has(current.name)) return { kind: 'topic', error };
    current = current.cause;
  }
  return { kind: 'unavailable', error };
}
