import type { TopicSettings } from '#contracts';
import kafkajs, { type AclEntry } from 'kafkajs';

/** Kafka principals of a role of `topicSettings`. A role that is not named here is one principal of that name; `User:somebody` is one as it stands. */
export type Principals = Readonly<Record<string, readonly string[]>>;

/** Who may write and read which topic, and use which consumer groups. Nothing else is allowed to anybody. */
export function aclsFor(settings: readonly TopicSettings[], principals: Principals): AclEntry[] {
  const of = (role: string): readonly string[] => principals[role] ?? [role.includes(':') ? role : `User:${role}`];
  const topics = settings.flatMap(({ topic, writers, readers }) => [
    ...writers.flatMap(of).flatMap((principal) => onTopic(topic, principal, 'WRITE')),
    ...readers.flatMap(of).flatMap((principal) => onTopic(topic, principal, 'READ')),
  ]);
  const groups = settings.flatMap((topic) =>
    topic.readers.flatMap((role) =>
      of(role).map((principal) => onGroups(topic.groups ?? groupPrefix(role), principal)),
    ),
  );
  return unique([...topics, ...groups]);
}

/** A service's own group, and the groups of one in which its processes read compacted topics. */
const groupPrefix = (role: string): string => `sallyport.${role}`;

function onTopic(topic: string, principal: string, operation: 'READ' | 'WRITE'): AclEntry[] {
  const { AclOperationTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;
  const resource = {
    resourceType: AclResourceTypes.TOPIC,
    resourceName: topic,
    resourcePatternType: ResourcePatternTypes.LITERAL,
  };
  return [
    allow(resource, principal, AclOperationTypes[operation]),
    allow(resource, principal, AclOperationTypes.DESCRIBE),
  ];
}

function onGroups(prefix: string, principal: string): AclEntry {
  const { AclOperationTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;
  const resource = {
    resourceType: AclResourceTypes.GROUP,
    resourceName: prefix,
    resourcePatternType: ResourcePatternTypes.PREFIXED,
  };
  return allow(resource, principal, AclOperationTypes.READ);
}

type Resource = Pick<AclEntry, 'resourceType' | 'resourceName' | 'resourcePatternType'>;

function allow(resource: Resource, principal: string, operation: AclEntry['operation']): AclEntry {
  return { ...resource, principal, host: '*', operation, permissionType: kafkajs.AclPermissionTypes.ALLOW };
}

function unique(entries: readonly AclEntry[]): AclEntry[] {
  return [...new Map(entries.map((entry) => [JSON.stringify(entry), entry])).values()];
}
