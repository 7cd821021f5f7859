/** One topic per producing service, so that a broker ACL can say who may speak. Key = action id on every lifecycle topic, but for the kill switch. */
export const topics = {
  requests: 'sallyport.requests.v1',
  actions: 'sallyport.actions.v1',
  decisions: 'sallyport.decisions.v1',
  approvals: 'sallyport.approvals.v1',
  leases: 'sallyport.leases.v1',
  outcomes: 'sallyport.outcomes.v1',
  registry: 'sallyport.registry.v1',
  deadLetters: 'sallyport.dlq.v1',
} as const;

export type Topic = (typeof topics)[keyof typeof topics];

/** The shared topic, or the agent's own `sallyport.outcomes.<name>.v1`. */
export function outcomesTopic(name: string | undefined): string {
  return name === undefined ? topics.outcomes : `sallyport.outcomes.${name}.v1`;
}

/** How the consumer groups begin in which agents read this topic of outcomes; the broker's ACLs allow them no others. */
export function outcomeGroups(topic: string): string {
  return topic === topics.outcomes ? 'sallyport.agents.' : `${topic}.`;
}

export interface TopicSettings {
  topic: string;
  partitions: 'default' | 1;
  config: Record<string, string>;
  writers: string[];
  readers: string[];
  /** How the readers' consumer groups begin, if not with `sallyport.<reader>`. */
  groups?: string;
}

const services = ['registry', 'intake', 'policy', 'approvals', 'credentials', 'notifier', 'audit'];

/** What `sallyport topics apply [--acls]` makes; the writers and readers are Kafka principals. */
export const topicSettings: TopicSettings[] = [
  {
    topic: topics.requests,
    partitions: 'default',
    // A compressed record would end a kafkajs consumer or expand without bound; LogAppendTime is what freshness is measured by.
    config: {
      'compression.type': 'uncompressed',
      'max.message.bytes': '131072',
      'message.timestamp.type': 'LogAppendTime',
    },
    writers: ['agents'],
    readers: ['intake'],
  },
  ...(
    [
      [topics.actions, 'intake', ['policy', 'notifier', 'audit']],
      [topics.decisions, 'policy', ['approvals', 'credentials', 'notifier', 'audit']],
      [topics.approvals, 'approvals', ['intake', 'policy', 'credentials', 'notifier', 'audit']],
      [topics.leases, 'credentials', ['policy', 'notifier', 'audit']],
    ] as const
  ).map(([topic, writer, readers]) => ({
    topic,
    partitions: 'default' as const,
    config: { 'max.message.bytes': '1048576' },
    writers: [writer],
    readers: [...readers],
  })),
  {
    topic: topics.outcomes,
    partitions: 'default',
    config: {},
    writers: ['notifier'],
    readers: ['agents'],
    groups: outcomeGroups(topics.outcomes),
  },
  {
    topic: topics.registry,
    partitions: 1,
    config: { 'cleanup.policy': 'compact' },
    writers: ['registry'],
    readers: services,
  },
  { topic: topics.deadLetters, partitions: 1, config: {}, writers: services, readers: ['operators'] },
];
