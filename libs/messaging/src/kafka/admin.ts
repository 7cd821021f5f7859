import type { Log } from '#platform';
import type { Admin } from 'kafkajs';
import { kafkaClient, type KafkaConnection } from './connection.js';

/** Does one piece of work with an admin connection, for programs that do not speak Kafka themselves. */
export async function withKafkaAdmin<T>(
  connection: KafkaConnection,
  log: Log,
  work: (admin: Admin) => Promise<T>,
): Promise<T> {
  const admin = kafkaClient(connection, log).admin();
  try {
    await admin.connect();
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}
