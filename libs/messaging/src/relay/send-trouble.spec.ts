import { describe, expect, it } from '@jest/globals';
import kafkajs from 'kafkajs';
import { troubleOf } from './send-trouble.js';

/** What the broker answered, as kafkajs throws it. */
/** What the broker answered, as kafkajs throws it. */
const answer = (type: string) => Object.assign(new Error(type), { name: 'KafkaJSProtocolError', type });
const wrapped = (error: Error) => Object.assign(new kafkajs.KafkaJSNonRetriableError(error), { cause: error });

describe('why a send failed', () => {
  it.each([
    ['UNKNOWN_TOPIC_OR_PARTITION', 'topic'],
    ['TOPIC_AUTHORIZATION_FAILED', 'topic'],
    ['MESSAGE_TOO_LARGE', 'record'],
    ['INVALID_RECORD', 'record'],
    ['NOT_LEADER_FOR_PARTITION', 'unavailable'],
    ['CLUSTER_AUTHORIZATION_FAILED', 'unavailable'],
  ])('%s, also wrapped, concerns: %s', (type, kind) => {
    expect(troubleOf(answer(type)).kind).toBe(kind);
    expect(troubleOf(wrapped(answer(type))).kind).toBe(kind);
  });

  it('a closed connection concerns everything', () => {
    expect(troubleOf(new kafkajs.KafkaJSConnectionError('closed')).kind).toBe('unavailable');
    expect(troubleOf(undefined).kind).toBe('unavailable');
  });
});
