import { topicSettings, topics } from '#contracts';
import { describe, expect, it } from '@jest/globals';
import kafkajs, { type AclEntry } from 'kafkajs';
import { aclsFor } from './topic-acls.js';

const { AclOperationTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;
const may = (topic: string, operation: AclEntry['operation'], acls = aclsFor(topicSettings, {})): string[] =>
  acls.filter((acl) => acl.resourceName === topic && acl.operation === operation).map(({ principal }) => principal);

describe('who may write and read', () => {
  it('lets exactly one service speak on each topic of a service', () => {
    expect(may(topics.decisions, AclOperationTypes.WRITE)).toEqual(['User:policy']);
    expect(may(topics.leases, AclOperationTypes.WRITE)).toEqual(['User:credentials']);
    expect(may(topics.requests, AclOperationTypes.WRITE)).toEqual(['User:agents']);
  });

  it('lets only intake read what agents ask', () => {
    expect(may(topics.requests, AclOperationTypes.READ)).toEqual(['User:intake']);
  });

  it('gives each reader its own groups and nobody else’s', () => {
    const groups = aclsFor(topicSettings, {}).filter(({ resourceType }) => resourceType === AclResourceTypes.GROUP);
    expect(groups.every(({ resourcePatternType }) => resourcePatternType === ResourcePatternTypes.PREFIXED)).toBe(true);
    expect(groups.find(({ principal }) => principal === 'User:policy')?.resourceName).toBe('sallyport.policy');
  });

  it('takes the principals of the installation for a role', () => {
    const acls = aclsFor(topicSettings, { agents: ['User:CN=migrator', 'User:CN=payer'] });
    expect(may(topics.requests, AclOperationTypes.WRITE, acls)).toEqual(['User:CN=migrator', 'User:CN=payer']);
  });
});
