import { topics } from '#contracts';
import kafkajs from 'kafkajs';

/** How many records all topics of the gate hold so far. */
export async function topicEnds(brokers: string[]): Promise<number> {
  const admin = new kafkajs.Kafka({ clientId: 'bench-admin', brokers, logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const offsets = await Promise.all(Object.values(topics).map((topic) => admin.fetchTopicOffsets(topic)));
    return offsets.flat().reduce((sum, { high }) => sum + Number(high), 0);
  } finally {
    await admin.disconnect();
  }
}
