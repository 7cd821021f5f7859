import { setTimeout as pause } from 'node:timers/promises';
import { topics } from '#contracts';
import kafkajs from 'kafkajs';
import type { RunningGate } from '../support/running-gate.js';
import { round } from './figures.js';

const heard = [topics.actions, topics.decisions, topics.approvals, topics.leases];

/** Seconds until audit has committed everything that was said; Infinity when it has not after a minute. */
export async function auditLag(gate: RunningGate): Promise<number> {
  const admin = new kafkajs.Kafka({
    clientId: 'bench-lag',
    brokers: gate.brokers,
    logLevel: kafkajs.logLevel.NOTHING,
  }).admin();
  await admin.connect();
  const started = performance.now();
  try {
    while (performance.now() - started < 60_000) {
      if ((await behind(admin)) === 0) return round((performance.now() - started) / 1_000);
      await pause(250);
    }
    return Number.POSITIVE_INFINITY;
  } finally {
    await admin.disconnect();
  }
}

async function behind(admin: kafkajs.Admin): Promise<number> {
  const committed = await admin.fetchOffsets({ groupId: 'sallyport.audit', topics: heard });
  const ends = await Promise.all(heard.map(async (topic) => ({ topic, ends: await admin.fetchTopicOffsets(topic) })));
  return ends
    .flatMap(({ topic, ends: partitions }) =>
      partitions.map(({ partition, high }) => {
        const mine = committed
          .find((one) => one.topic === topic)
          ?.partitions.find((one) => one.partition === partition);
        return Number(high) - Math.max(0, Number(mine?.offset ?? 0));
      }),
    )
    .reduce((sum, lag) => sum + lag, 0);
}
