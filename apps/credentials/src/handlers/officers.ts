import { Injectable } from '@nestjs/common';
import { ProblemError, type PullBody } from '#contracts';
import { RegistryClient, RegistryCopy } from '#facts';
import type { CallerOf } from '#trust/http';
import { kindOfScope, officers, onlookers } from '../core/kill-switch.js';

/** Who may pull, release and look. */
@Injectable()
export class Officers {
  constructor(
    private readonly registry: RegistryClient,
    private readonly copy: RegistryCopy,
  ) {}

  /** Everybody who is a security officer at this moment. Read from the registry: no answer is a retryable Fault. */
  now(): Promise<ReadonlySet<string>> {
    return this.members(officers);
  }

  /** The active people of a group, read in the same way. */
  async members(id: string): Promise<ReadonlySet<string>> {
    const [group = null] = await this.registry.current([{ kind: 'groups', id }]);
    const members = (group?.spec.members ?? []).map((person) => ({ kind: 'people' as const, id: person }));
    const people = members.length === 0 ? [] : await this.registry.current(members);
    return new Set(people.flatMap((person) => (person?.spec.state === 'active' ? [person.id] : [])));
  }

  /** A pull that covers nothing because of a slip in a name would be worse than none. What was deleted may still have leases. */
  async mustBeKnown(pull: PullBody): Promise<void> {
    if (pull.scope === 'global') return;
    const { scope, id } = pull;
    const { entries } = await this.registry.lookup({ entries: [{ kind: kindOfScope[scope], id }] });
    if (entries[0] === null || entries[0] === undefined) {
      throw new ProblemError('not_found', { detail: `no ${scope} ${id} was ever registered` });
    }
  }

  /** Looking needs no fresher word than this service's own copy. */
  mustSee({ person }: CallerOf<'person'>): void {
    const groups = onlookers.flatMap((id) => this.copy.get('groups', id) ?? []);
    if (!groups.some(({ spec }) => spec.members.includes(person.id))) throw new ProblemError('not_found');
  }
}
