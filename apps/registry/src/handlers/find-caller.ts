import { ProblemError } from '#contracts';
import type { Tx } from '#database';
import { Injectable } from '@nestjs/common';
import type { Allowed, Caller } from '../core/authority.js';
import { CallersStore } from '../io/callers.store.js';

/** Whom the guard has proven: a person of the registry, or a service. */
export type Claimant = { kind: 'person'; id: string } | { kind: 'service'; name: string };

/** What the caller may do is read here and now; what the guard saw a moment ago decides nothing. */
@Injectable()
export class FindCaller {
  constructor(private readonly store: CallersStore) {}

  async now(claimant: Claimant, tx?: Tx): Promise<Caller> {
    if (claimant.kind === 'service') return claimant;
    const known = await this.store.byId(claimant.id, tx);
    return known === undefined
      ? { kind: 'person', id: claimant.id, isActive: false, groups: [] }
      : { kind: 'person', ...known };
  }

  /** The name under which the change is signed; a ProblemError when it is not allowed. */
  allow(allowed: Allowed): string {
    if (allowed.ok) return allowed.by;
    throw new ProblemError('not_eligible', { why: allowed.why });
  }
}
