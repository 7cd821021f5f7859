export const urns = {
  user: 'urn:ietf:params:scim:schemas:core:2.0:User',
  group: 'urn:ietf:params:scim:schemas:core:2.0:Group',
  enterprise: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
  list: 'urn:ietf:params:scim:api:messages:2.0:ListResponse',
  error: 'urn:ietf:params:scim:api:messages:2.0:Error',
} as const;

/**
 * What becomes of an attribute: kept as a text, a flag, an object of texts (`parts`) or a list of such objects;
 * `ignored` is taken and not kept; `fixed` is ours to say.
 */
export interface Attribute {
  name: string;
  kind: 'text' | 'flag' | 'parts' | 'list' | 'ignored' | 'fixed';
  parts: readonly string[];
}

export interface Shape {
  urn: string;
  attributes: ReadonlyMap<string, Attribute>;
}

const of = (kind: Attribute['kind'], names: readonly string[], parts: readonly string[] = []): [string, Attribute][] =>
  names.map((name) => [name.toLowerCase(), { name, kind, parts }]);

/** Everything that RFC 7643 section 4.1 gives a user, and what the registry keeps of it. Names are compared in lower case (section 2.1). */
export const userShape: Shape = {
  urn: urns.user,
  attributes: new Map([
    ...of('text', ['userName', 'externalId', 'displayName']),
    ...of('flag', ['active']),
    ...of('parts', ['name'], ['formatted', 'familyName', 'givenName', 'middleName', 'honorificPrefix', 'honorificSuffix']),
    ...of('list', ['emails'], ['value', 'type', 'primary', 'display']),
    ...of('ignored', [
      'nickName', 'profileUrl', 'title', 'userType', 'preferredLanguage', 'locale', 'timezone', 'password', 'phoneNumbers',
      'ims', 'photos', 'addresses', 'entitlements', 'roles', 'x509Certificates',
    ]),
    ...of('fixed', ['id', 'meta', 'schemas', 'groups']),
  ]),
}; // prettier-ignore

/** RFC 7643 section 4.3: the enterprise extension, of which nothing is kept. */
export const enterpriseAttributes: ReadonlyMap<string, Attribute> = new Map(
  of('ignored', ['employeeNumber', 'costCenter', 'organization', 'division', 'department', 'manager']),
);

/** RFC 7643 section 4.2. */
export const groupShape: Shape = {
  urn: urns.group,
  attributes: new Map([
    ...of('text', ['displayName', 'externalId']),
    ...of('list', ['members'], ['value', 'type', 'display', '$ref']),
    ...of('fixed', ['id', 'meta', 'schemas']),
  ]),
};
