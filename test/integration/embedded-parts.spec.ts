import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Kafka, logLevel } from 'kafkajs';
import pg from 'pg';
import { startKafka, type TestKafka } from '../support/kafka.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

let kafka: TestKafka;
let postgres: TestPostgres;

beforeAll(async () => {
  [kafka, postgres] = await Promise.all([startKafka(), startPostgres()]);
}, 60_000);

afterAll(async () => {
  await Promise.all([kafka.remove(), postgres.remove()]);
});

describe('the embedded Kafka', () => {
  it('keeps records and ports over a kill and a start', async () => {
    const client = new Kafka({ brokers: [kafka.brokers], logLevel: logLevel.NOTHING });
    const admin = client.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: 'kept', numPartitions: 1 }] });
    const producer = client.producer();
    await producer.connect();
    await producer.send({ topic: 'kept', acks: -1, messages: [{ key: 'a', value: 'b' }] });
    await producer.disconnect();

    await kafka.kill();
    await kafka.start();

    expect(await admin.fetchTopicOffsets('kept')).toMatchObject([{ high: '1' }]);
    await admin.disconnect();
  }, 60_000);
});

describe('the embedded PostgreSQL', () => {
  it('keeps committed rows over a kill and a start', async () => {
    const url = await postgres.freshDatabase();
    await query(url, 'CREATE TABLE kept (id integer); INSERT INTO kept VALUES (7)');

    await postgres.kill();
    await postgres.start();

    expect(await query(url, 'SELECT id FROM kept')).toEqual([{ id: 7 }]);
  }, 60_000);
});

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ id: number }>(sql);
    return rows;
  } finally {
    await client.end();
  }
}
