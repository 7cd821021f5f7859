import { Log } from '#platform';
import { describe, expect, it } from '@jest/globals';
import { Kafka, logLevel, type Consumer, type ConsumerConfig } from 'kafkajs';
import { Consumption } from './consumption.js';
import { kafkaClient, relayProducer } from './kafka/connection.js';
import { Pauses } from './runner/pauses.js';

const log = new Log('policy', 'error', { write: () => undefined });

/** A consumer that connects to nothing and whose events the spec sets off. */
function setUp() {
  const client = new Kafka({ brokers: ['127.0.0.1:1'], logLevel: logLevel.NOTHING });
  const listeners = new Map<string, (event: unknown) => void>();
  let config: ConsumerConfig | undefined;
  let deaths = 0;
  const consumer = (given: ConsumerConfig): Consumer => {
    config = given;
    const made = client.consumer(given);
    return {
      ...made,
      on: (name: string, listener: (event: never) => void) => (
        listeners.set(name, listener as (event: unknown) => void),
        () => undefined
      ),
    };
  };
  const kafka = { consumer, admin: () => client.admin() };
  const consumption = new Consumption({
    kafka,
    groupId: 'g',
    topics: ['t'],
    pauses: new Pauses(log),
    log,
    die: () => (deaths += 1),
  });
  const crash = (restart: boolean): void =>
    listeners.get('consumer.crash')?.({ payload: { error: new Error('x'), groupId: 'g', restart } });
  return { consumption, crash, deaths: () => deaths, config: () => config };
}

describe('a consumer that breaks', () => {
  it('for good ends the process: kafkajs would leave it up and deaf', () => {
    const { crash, deaths } = setUp();
    crash(false);
    expect(deaths()).toBe(1);
  });

  it('and starts again by itself does not, and is not ready meanwhile', () => {
    const { crash, deaths, consumption } = setUp();
    crash(true);
    expect(deaths()).toBe(0);
    expect(consumption.report().ok).toBe(false);
  });

  it('while it is being stopped ends nothing and does not start again', async () => {
    const { crash, deaths, consumption, config } = setUp();
    expect(await config()?.retry?.restartOnFailure?.(new Error('x'))).toBe(true);
    await consumption.stop();
    crash(false);
    expect(deaths()).toBe(0);
    expect(await config()?.retry?.restartOnFailure?.(new Error('x'))).toBe(false);
  });

  it('reads uncommitted, from the beginning of what its group has not seen, and makes no topics', () => {
    expect(setUp().config()).toMatchObject({ readUncommitted: true, allowAutoTopicCreation: false });
  });
});

describe('the producer', () => {
  it('is never idempotent and never has two requests in flight', () => {
    const kafka = kafkaClient({ brokers: ['127.0.0.1:1'], clientId: 'spec' }, log);
    const made: unknown[] = [];
    relayProducer({ producer: (config) => (made.push(config), kafka.producer(config)) });
    expect(made).toMatchObject([{ idempotent: false, maxInFlightRequests: 1, allowAutoTopicCreation: false }]);
  });
});
