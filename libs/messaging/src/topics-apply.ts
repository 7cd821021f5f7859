import { outcomeGroups, outcomesTopic, topicSettings, type TopicSettings } from '#contracts';
import kafkajs, { type Admin, type ConfigEntries, type ITopicConfig } from 'kafkajs';
import { aclsFor, type Principals } from './topic-acls.js';

export interface TopicsToApply {
  /** Of every lifecycle topic, equal everywhere. It cannot be changed later: keys would move and lose their order. */
  partitions: number;
  replicationFactor: number;
  /** What agents' registry entries name under `outcomes`: each is a topic of its own, which only that Kafka principal (`User:<name>`) reads. */
  agentTopics?: readonly { name: string; principal: string }[];
  /** Also says who may write and read. The broker must have an authorizer. */
  acls: boolean;
  /** Kafka principals of the roles (`agents`, `operators`, the services); `User:<role>` where a role is not named. */
  principals?: Principals;
}

export interface TopicsApplied {
  created: string[];
  /** Were there; their settings are now the wanted ones. */
  updated: string[];
  acls: number;
}

/** A topic is there with another number of partitions than wanted. Nothing was changed. */
export class TopicsRefused extends Error {
  readonly code = 'partitions_differ';

  constructor(found: readonly string[]) {
    super(
      `the number of partitions of a topic cannot be changed, because keys would move to other partitions and lose their order: ${found.join('; ')}`,
    );
    this.name = 'TopicsRefused';
  }
}

/** Makes and configures all topics. Does nothing twice; throws `TopicsRefused` before anything is changed. */
export async function topicsApply(admin: Admin, wanted: TopicsToApply): Promise<TopicsApplied> {
  const settings = [...topicSettings, ...agentTopicSettings(wanted)];
  const existing = await partitionsOf(admin, settings);
  refuseOtherCounts(settings, wanted, existing);
  const created = settings.filter(({ topic }) => !existing.has(topic));
  const updated = settings.filter(({ topic }) => existing.has(topic));
  if (created.length > 0) {
    await admin.createTopics({
      topics: created.map((topic) => newTopic(topic, wanted)),
      waitForLeaders: true,
      timeout: 15_000,
    });
  }
  await configure(admin, updated);
  const acl = wanted.acls ? aclsFor(settings, wanted.principals ?? {}) : [];
  if (acl.length > 0) await admin.createAcls({ acl });
  return { created: created.map(({ topic }) => topic), updated: updated.map(({ topic }) => topic), acls: acl.length };
}

function agentTopicSettings({ agentTopics = [] }: TopicsToApply): TopicSettings[] {
  return agentTopics.map(({ name, principal }) => ({
    topic: outcomesTopic(name),
    partitions: 'default',
    config: {},
    writers: ['notifier'],
    readers: [principal],
    groups: outcomeGroups(outcomesTopic(name)),
  }));
}

async function partitionsOf(admin: Admin, settings: readonly TopicSettings[]): Promise<Map<string, number>> {
  const there = new Set(await admin.listTopics());
  const topics = settings.map(({ topic }) => topic).filter((topic) => there.has(topic));
  if (topics.length === 0) return new Map();
  const metadata = await admin.fetchTopicMetadata({ topics });
  return new Map(metadata.topics.map(({ name, partitions }) => [name, partitions.length]));
}

function refuseOtherCounts(
  settings: readonly TopicSettings[],
  wanted: TopicsToApply,
  existing: ReadonlyMap<string, number>,
): void {
  const differing = settings.flatMap((topic) => {
    const found = existing.get(topic.topic);
    const count = partitionCount(topic, wanted);
    return found === undefined || found === count
      ? []
      : [`${topic.topic} has ${String(found)}, wanted are ${String(count)}`];
  });
  if (differing.length > 0) throw new TopicsRefused(differing);
}

const partitionCount = ({ partitions }: TopicSettings, wanted: TopicsToApply): number =>
  partitions === 'default' ? wanted.partitions : partitions;

function newTopic(settings: TopicSettings, wanted: TopicsToApply): ITopicConfig {
  return {
    topic: settings.topic,
    numPartitions: partitionCount(settings, wanted),
    replicationFactor: wanted.replicationFactor,
    configEntries: Object.entries(settings.config).map(([name, value]) => ({ name, value })),
  };
}

/** AlterConfigs replaces every setting of a topic, so what an operator has set besides ours is given again. */
async function configure(admin: Admin, settings: readonly TopicSettings[]): Promise<void> {
  if (settings.length === 0) return;
  const type = kafkajs.ConfigResourceTypes.TOPIC;
  const found = await admin.describeConfigs({
    includeSynonyms: false,
    resources: settings.map(({ topic: name }) => ({ type, name })),
  });
  const own = new Map(
    found.resources.map(({ resourceName, configEntries }) => [resourceName, dynamicEntries(configEntries)]),
  );
  const resources = settings.map(({ topic, config }) => {
    const merged = { ...own.get(topic), ...config };
    return { type, name: topic, configEntries: Object.entries(merged).map(([name, value]) => ({ name, value })) };
  });
  await admin.alterConfigs({ validateOnly: false, resources });
}

function dynamicEntries(entries: readonly ConfigEntries[]): Record<string, string> {
  const dynamic = entries.filter(({ configSource }) => configSource === kafkajs.ConfigSource.TOPIC_CONFIG);
  return Object.fromEntries(dynamic.map(({ configName, configValue }) => [configName, configValue]));
}
