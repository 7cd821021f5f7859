import type { PolicyClaims, RequestValue } from '#contracts';
import { memberOf } from './member.js';

/** What the agent wrote, verbatim and apart from all facts. A name that is absent stays absent. */
export function claimsOf({ context, resource }: RequestValue): PolicyClaims {
  return present({ ...context, resource: resource.properties });
}

/** The claim at a path such as `change.rollback_plan`. */
export function claimAt(claims: PolicyClaims, path: string): unknown {
  return path.split('.').reduce<unknown>(memberOf, claims);
}

type Present<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

function present<T extends object>(value: T): Present<T> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Present<T>;
}
