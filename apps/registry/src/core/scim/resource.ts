import type { Doc, Outcome } from './outcome.js';
import { fine } from './outcome.js';
import type { Provider } from './provider.js';
import { urns } from './shapes.js';

/** A user or group as this door keeps it, with the registry's entry behind it. */
export interface Linked {
  /** Ours, for ever; what the provider stores. */
  id: string;
  kind: 'people' | 'groups';
  entry_id: string;
  /** Whether the provider made the entry, or was let in to one that was there. */
  made: boolean;
  /** What the provider said. */
  resource: Doc;
  revision: number;
  created_at: Date;
  changed_at: Date;
  /** Of the entry, as is `spec`. */
  version: number;
  spec: unknown;
}

/** What a provider did not make it may change as long as the settings let it in, and not a moment longer. */
export function staysOpen(linked: Linked, { people, groups }: Provider): Outcome<Linked> {
  const listed = linked.kind === 'people' ? people : Object.values(groups);
  if (linked.made || listed.includes(linked.entry_id)) return fine(linked);
  return { ok: false, refusal: { status: 403, detail: 'the settings do not let this provider in here any more' } };
}

/** A member of a group, as its provider knows it. */
export interface Member {
  id: string;
  entry_id: string;
}

const places = { people: 'Users', groups: 'Groups' } as const;

/** Weak (RFC 7644 section 3.14): it moves with the entry, by whoever's hand, and with what is kept beside it. */
export const etagOf = ({ version, revision }: Pick<Linked, 'version' | 'revision'>): string =>
  `W/"${String(version)}.${String(revision)}"`;

/** A version that is named must be the one that is there; naming none replaces whatever is. */
export function meetsEtag(linked: Linked, ifMatch: string | undefined): Outcome<Linked> {
  if (ifMatch === undefined || isNamed(linked, ifMatch)) return fine(linked);
  return { ok: false, refusal: { status: 412, detail: 'the resource was changed meanwhile: read it again' } };
}

export function isNamed(linked: Linked, etags: string): boolean {
  const bare = (etag: string): string => etag.trim().replace(/^W\//u, '');
  return etags.split(',').some((one) => bare(one) === '*' || bare(one) === bare(etagOf(linked)));
}

export function locationOf({ id, kind }: Pick<Linked, 'id' | 'kind'>, url: string): string {
  return `${url}/${places[kind]}/${id}`;
}

function metaOf(linked: Linked, url: string): Record<string, unknown> {
  return {
    resourceType: linked.kind === 'people' ? 'User' : 'Group',
    created: linked.created_at.toISOString(),
    lastModified: linked.changed_at.toISOString(),
    location: locationOf(linked, url),
    version: etagOf(linked),
  };
}

/** `active` is what holds, also where a registrar has made the person inactive. */
export function userAnswer(linked: Linked, url: string): Record<string, unknown> {
  const active = isActive(linked.spec);
  return { schemas: [urns.user], id: linked.id, ...linked.resource, active, meta: metaOf(linked, url) };
}

const isActive = (spec: unknown): boolean =>
  typeof spec === 'object' && spec !== null && 'state' in spec && spec.state === 'active';

/** Members that the provider pushed; those by other hands are not its business. */
export function groupAnswer(linked: Linked, members: readonly Member[], url: string): Record<string, unknown> {
  const shown = members.map(({ id }) => ({ value: id, type: 'User', $ref: `${url}/Users/${id}` }));
  return { schemas: [urns.group], id: linked.id, ...linked.resource, members: shown, meta: metaOf(linked, url) };
}

export function listAnswer(total: number, startIndex: number, resources: readonly object[]): Record<string, unknown> {
  return {
    schemas: [urns.list],
    totalResults: total,
    startIndex,
    itemsPerPage: resources.length,
    Resources: resources,
  };
}
