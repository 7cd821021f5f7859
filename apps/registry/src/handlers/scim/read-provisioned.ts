import { group } from '#contracts';
import { Injectable } from '@nestjs/common';
import { parseFilter } from '../../core/scim/filter.js';
import type { Provider } from '../../core/scim/provider.js';
import { pageOf, questionOf, type Page } from '../../core/scim/question.js';
import type { Linked, Member } from '../../core/scim/resource.js';
import { notThere, orRefuse } from '../../core/scim/scim-error.js';
import { groupShape, userShape } from '../../core/scim/shapes.js';
import { ScimStore } from '../../io/scim.store.js';

export interface Asked {
  filter: string | undefined;
  startIndex: string | undefined;
  count: string | undefined;
}

/** A provider sees what it has pushed, and nothing else. */
@Injectable()
export class ReadProvisioned {
  constructor(private readonly store: ScimStore) {}

  async one(provider: Provider, kind: Linked['kind'], id: string): Promise<Linked> {
    const linked = await this.store.find({ provider: provider.name, kind }, id);
    if (linked === undefined) throw notThere();
    return linked;
  }

  async list(
    provider: Provider,
    kind: Linked['kind'],
    { filter, startIndex, count }: Asked,
  ): Promise<{ page: Page; total: number; found: Linked[] }> {
    const page = orRefuse(pageOf(startIndex, count));
    const shape = kind === 'people' ? userShape : groupShape;
    const question = filter === undefined ? undefined : orRefuse(questionOf(shape, orRefuse(parseFilter(filter))));
    return { page, ...(await this.store.page({ provider: provider.name, kind }, question, page)) };
  }

  /** The users of this provider in each of these groups, in one reading. */
  async members(provider: Provider, groups: readonly Linked[]): Promise<Map<string, Member[]>> {
    const inEach = groups.map(({ id, spec }) => [id, new Set(group.parse(spec).members)] as const);
    const users = await this.store.usersAmong(provider.name, [...new Set(inEach.flatMap(([, ids]) => [...ids]))]);
    return new Map(inEach.map(([id, ids]) => [id, users.filter(({ entry_id }) => ids.has(entry_id))]));
  }
}
