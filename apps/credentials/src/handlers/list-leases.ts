import { Injectable } from '@nestjs/common';
import { ProblemError, type LeasesAnswer, type LeasesQuery } from '#contracts';
import { RegistryCopy } from '#facts';
import type { Caller } from '#trust/http';
import { answerOf, sightOf } from '../core/access.js';
import { LeaseListStore, type Sight } from '../io/lease-list.store.js';

/** More than a person reads at once; older ones are on the next page. */
const pageSize = 50;

/**
 * Leases, newest first: to an agent its own, to a person those that its groups decided, to overseers all. By this service's
 * own copy of the registry, as looking at one lease is. A list is never a secret, and never more than a page.
 */
@Injectable()
export class ListLeases {
  constructor(
    private readonly leases: LeaseListStore,
    private readonly copy: RegistryCopy,
  ) {}

  async handle(caller: Caller, { state, agent, cursor }: LeasesQuery): Promise<LeasesAnswer> {
    // One more than is shown: whether there is another page is read with this one.
    const page = { states: [...new Set(state)], agent, before: cursor, limit: pageSize + 1 };
    const sight = this.sightOf(caller);
    const found = sight.groups?.length === 0 ? [] : await this.leases.page(sight, page);
    const leases = found.slice(0, pageSize).map(answerOf);
    const last = leases.at(-1);
    return { leases, ...(found.length > pageSize && last !== undefined && { next: last.lease_id }) };
  }

  private sightOf(caller: Caller): Sight {
    if (caller.kind === 'agent') return { agent: caller.agent.id };
    if (caller.kind !== 'person') throw new ProblemError('not_found');
    const groups = sightOf(caller.person.id, this.copy.all('groups'));
    return groups === 'all' ? {} : { groups };
  }
}
