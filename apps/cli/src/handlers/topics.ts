import { topicsApply, withKafkaAdmin } from '#messaging';
import { Log } from '#platform';
import type { Output } from '../io/output.js';

export interface TopicsOptions {
  brokers: string;
  partitions: number;
  replication: number;
  acls: boolean;
  /** `name=principal`, for each outcome topic of single agents. */
  agent: string[];
}

/** Makes and configures all topics; safe to run again. */
export async function applyTopics(output: Output, options: TopicsOptions): Promise<void> {
  const agentTopics = options.agent.map((text) => {
    const [name = '', principal = name] = text.split('=');
    return { name, principal };
  });
  const applied = await withKafkaAdmin(
    { brokers: options.brokers.split(','), clientId: 'sallyport-cli' },
    new Log('cli', 'error'),
    (admin) =>
      topicsApply(admin, {
        partitions: options.partitions,
        replicationFactor: options.replication,
        acls: options.acls,
        agentTopics,
      }),
  );
  output.result(applied, JSON.stringify(applied, null, 2));
}
