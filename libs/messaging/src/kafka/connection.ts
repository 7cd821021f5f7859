import type { KafkaLogin, KafkaSettings, Log } from '#platform';
import { Kafka, logLevel, Partitioners, type Consumer, type KafkaConfig, type Producer } from 'kafkajs';
import { kafkaLog } from './kafka-log.js';
import { quietRequestQueue } from './request-queue.js';

/** How to reach the brokers. */
export interface KafkaConnection {
  brokers: string[];
  clientId: string;
  ssl?: KafkaConfig['ssl'];
  sasl?: KafkaConfig['sasl'];
}

/** How this program reaches the brokers, as its settings say. */
export function connectionOf(settings: KafkaSettings, clientId: string): KafkaConnection {
  const { SALLYPORT_KAFKA_BROKERS: brokers, SALLYPORT_KAFKA_TLS: tls, SALLYPORT_KAFKA_LOGIN: login } = settings;
  return { brokers, clientId, ssl: tls === 'on', ...(login && { sasl: saslOf(login) }) };
}

/** kafkajs types each mechanism apart. */
function saslOf({ mechanism, ...who }: KafkaLogin): NonNullable<KafkaConnection['sasl']> {
  if (mechanism === 'plain') return { mechanism, ...who };
  return mechanism === 'scram-sha-256' ? { mechanism, ...who } : { mechanism, ...who };
}

const heartbeatMs = 2_000;

/** One client. Nothing is connected yet. */
export function kafkaClient({ brokers, clientId, ssl, sasl }: KafkaConnection, log: Log): Kafka {
  if (!quietRequestQueue()) log.warn('kafka.request_queue_not_quieted', {});
  return new Kafka({
    brokers,
    clientId,
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
    connectionTimeout: 3_000,
    requestTimeout: 15_000,
    logLevel: logLevel.INFO,
    logCreator: kafkaLog(log),
    retry: { retries: 5, initialRetryTime: 200, maxRetryTime: 5_000 },
  });
}

/**
 * Never idempotent: kafkajs gives the sequence number of a request whose answer was lost to the next request, which the
 * broker then takes for the duplicate and drops. Readers drop our duplicates instead. One request in flight keeps order.
 * Few retries here: the relay repeats for ever and must learn soon which topic it is that fails.
 */
export function relayProducer(kafka: Pick<Kafka, 'producer'>): Producer {
  return kafka.producer({
    idempotent: false,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
    retry: { retries: 2, initialRetryTime: 50, maxRetryTime: 1_000 },
  });
}

/**
 * Reads uncommitted: nothing of ours is ever sent in a transaction, and a reader that waits for the end of transactions
 * can be made to wait for ever by anybody who may write to its topic. `mayRestart` is asked when the consumer has broken:
 * kafkajs would otherwise join the group again after it was told to stop.
 */
export function groupConsumer(kafka: Pick<Kafka, 'consumer'>, groupId: string, mayRestart: () => boolean): Consumer {
  return kafka.consumer({
    groupId,
    readUncommitted: true,
    allowAutoTopicCreation: false,
    // How long the partitions of a process that was killed rest. Taking a living one for dead costs a rebalance, no more.
    sessionTimeout: 10_000,
    rebalanceTimeout: 60_000,
    heartbeatInterval: heartbeatMs,
    minBytes: 1,
    // Also how long stopping waits for the fetch that is open.
    maxWaitTimeInMs: 250,
    // A fetch of six partitions fills about one transaction; more would only lie in memory, several times over.
    maxBytesPerPartition: 262_144,
    maxBytes: 2_097_152,
    retry: {
      retries: 10,
      initialRetryTime: 300,
      maxRetryTime: 10_000,
      restartOnFailure: () => Promise.resolve(mayRestart()),
    },
  });
}
