/** A profile that leases are to have at a target. */
export interface ProfileWish {
  name: string;
  group: string;
  maxTtlSeconds: number;
  connections: number;
  /** For a group that is made here and may read these tables only; as `schema.table`. Undefined for a group that exists. */
  tables: string[] | undefined;
}

/** What `targets install postgres` is to bring about. */
export interface TargetWish {
  /** The login that credentials uses there: may call the functions, has no CREATEROLE, can do nothing else. */
  login: string;
  password: string;
  profiles: ProfileWish[];
  /** Take from PUBLIC what leases do not need; it also takes CONNECT on the other databases of the server. */
  harden: boolean;
}

const defaults = { maxTtlSeconds: 900, connections: 2 };
const name = /^[a-z][a-z0-9_-]{0,62}$/u;

/** `name=group` or `name=group:seconds`; undefined when it is neither. */
export function profileWish(text: string): ProfileWish | undefined {
  const [, profile = '', group = '', seconds] = /^([^=]+)=([^=:]+)(?::(\d{1,5}))?$/u.exec(text) ?? [];
  if (!name.test(profile) || group === '') return undefined;
  return { ...defaults, name: profile, group, maxTtlSeconds: secondsOf(seconds), tables: undefined };
}

/** `name=table,schema.table` or with `:seconds` behind; the group has the profile's name. */
export function readerWish(text: string): ProfileWish | undefined {
  const wish = profileWish(text);
  if (wish === undefined) return undefined;
  const tables = wish.group.split(',').map((table) => (table.includes('.') ? table : `public.${table}`));
  const isSound = tables.every((table) => table.split('.').length === 2 && table.split('.').every((part) => part !== ''));
  return isSound ? { ...wish, group: wish.name, tables } : undefined;
} // prettier-ignore

function secondsOf(text: string | undefined): number {
  return text === undefined ? defaults.maxTtlSeconds : Number(text);
}
