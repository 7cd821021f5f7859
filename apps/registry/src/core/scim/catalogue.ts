import { pageLimits } from './question.js';
import { urns } from './shapes.js';

const coreUrn = 'urn:ietf:params:scim:schemas:core:2.0';

/** What this door can do (RFC 7643 section 5). */
export function serviceProviderConfig(url: string): Record<string, unknown> {
  return {
    schemas: [`${coreUrn}:ServiceProviderConfig`],
    patch: { supported: true },
    bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
    filter: { supported: true, maxResults: pageLimits.most },
    changePassword: { supported: false },
    sort: { supported: false },
    etag: { supported: true },
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'Bearer token',
        description: 'One token for each identity provider, made by the operator of this registry',
        specUri: 'https://www.rfc-editor.org/info/rfc6750',
        primary: true,
      },
    ],
    meta: { resourceType: 'ServiceProviderConfig', location: `${url}/ServiceProviderConfig` },
  };
}

/** RFC 7643 section 6. */
export function resourceTypes(url: string): ({ id: string } & Record<string, unknown>)[] {
  return [
    { id: 'User', endpoint: '/Users', description: 'A person who may sign in and decide', schema: urns.user },
    { id: 'Group', endpoint: '/Groups', description: 'People who may decide together', schema: urns.group },
  ].map((type) => ({
    schemas: [`${coreUrn}:ResourceType`],
    name: type.id,
    ...type,
    schemaExtensions: [],
    meta: { resourceType: 'ResourceType', location: `${url}/ResourceTypes/${type.id}` },
  }));
}

interface Described {
  name: string;
  type?: 'string' | 'boolean' | 'complex' | 'reference';
  required?: boolean;
  caseExact?: boolean;
  multiValued?: boolean;
  uniqueness?: 'none' | 'server';
  mutability?: 'readWrite' | 'immutable' | 'readOnly';
  description: string;
  subAttributes?: Record<string, unknown>[];
}

const described = (one: Described): Record<string, unknown> => ({
  type: 'string',
  multiValued: false,
  required: false,
  caseExact: false,
  mutability: 'readWrite',
  returned: 'default',
  uniqueness: 'none',
  ...one,
});

const id = described({
  name: 'id',
  description: 'Given by the registry; never changes and is never used again',
  required: true,
  caseExact: true,
  mutability: 'readOnly',
  uniqueness: 'server',
});
const externalId = described({ name: 'externalId', description: "The provider's own id", caseExact: true });

const userAttributes = [
  id,
  externalId,
  described({ name: 'userName', description: 'Unique per provider', required: true, uniqueness: 'server' }),
  described({ name: 'displayName', description: 'The name that others see' }),
  described({ name: 'active', type: 'boolean', description: 'Whether this person may sign in and decide' }),
  described({
    name: 'name',
    type: 'complex',
    description: 'Used where there is no displayName',
    subAttributes: ['formatted', 'familyName', 'givenName', 'middleName', 'honorificPrefix', 'honorificSuffix'].map(
      (name) => described({ name, description: 'Part of the name' }),
    ),
  }),
  described({
    name: 'emails',
    type: 'complex',
    multiValued: true,
    description: 'The primary one, else the one for work, else the first is where the person is told',
    subAttributes: [
      described({ name: 'value', description: 'The address' }),
      described({ name: 'type', description: 'As in work' }),
      described({ name: 'primary', type: 'boolean', description: 'Whether it goes before the others' }),
      described({ name: 'display', description: 'For people' }),
    ],
  }),
];

const groupAttributes = [
  id,
  externalId,
  described({ name: 'displayName', description: 'Unique per provider', required: true, uniqueness: 'server' }),
  described({
    name: 'members',
    type: 'complex',
    multiValued: true,
    description: 'Users that this provider has pushed',
    subAttributes: [
      described({ name: 'value', description: 'The id of a user', caseExact: true, mutability: 'immutable' }),
      described({ name: 'type', description: 'Always User', mutability: 'immutable' }),
      described({ name: '$ref', type: 'reference', description: 'Where the user is', mutability: 'readOnly' }),
    ],
  }),
];

/** RFC 7643 section 7: what is kept. Other attributes of the user schema and its enterprise extension are taken and not kept. */
export function schemas(url: string): ({ id: string } & Record<string, unknown>)[] {
  return [
    { id: urns.user, name: 'User', description: 'A person', attributes: userAttributes },
    { id: urns.group, name: 'Group', description: 'A group of people', attributes: groupAttributes },
  ].map((schema) => ({
    schemas: [`${coreUrn}:Schema`],
    ...schema,
    meta: { resourceType: 'Schema', location: `${url}/Schemas/${schema.id}` },
  }));
}
