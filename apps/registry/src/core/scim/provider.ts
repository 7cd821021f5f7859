/** An identity provider that may push people and groups. */
export interface Provider {
  /** Part of entry ids and of the name in the history. */
  name: string;
  /** Whose tokens its people sign in with: they get identities of this issuer and of no other. */
  issuer: string;
  /** Which attribute of a user is the `sub` of that person's tokens. */
  subject: 'externalId' | 'userName';
  /** Ids of people, made by hand, whom it may take over: those who already hold the account that it names. */
  people: readonly string[];
  /** Groups, made by hand or built in, that it may fill: by the name that it gives them. */
  groups: Readonly<Record<string, string>>;
}

/** Who made a version, in the history of the entry. */
export const providerUrn = ({ name }: Provider): string => `urn:sallyport:scim:${name}`;

/** Never used again: whatever still names a person that is gone must not come to mean another. */
export const personIdOf = ({ name }: Provider, scimId: string): string => `${name}.${scimId}`;

/** The group of the registry that this name is mapped to. */
export function mappedGroup({ groups }: Provider, displayName: string): string | undefined {
  return Object.hasOwn(groups, displayName) ? groups[displayName] : undefined;
}

/** After the name that the group had first, so that policy can name it; after the SCIM id where nothing of the name is left. */
export function groupIdOf({ name }: Provider, displayName: string, scimId: string): string {
  const words = displayName
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}/gu, '')
    .split(/[^a-z0-9]+/u);
  const slug = words
    .filter((word) => word !== '')
    .join('-')
    .slice(0, 80)
    .replace(/-$/u, '');
  return `${name}.${slug === '' ? scimId : slug}`;
}
