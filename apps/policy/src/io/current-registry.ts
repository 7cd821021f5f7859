import { Injectable } from '@nestjs/common';
import type { Known, RegistryKind } from '#contracts';
import { RegistryClient, type Wanted } from '#facts';
import { counterpartyIdOf } from '../core/attributes.js';
import type { Question } from '../core/question.js';
import type { Registry } from '../core/registry.js';
import { incidentsOf } from '../core/surroundings.js';
import { RegistryView } from './registry-view.js';

/** The registry at this moment, for judgements on which a credential or a vote depends. */
@Injectable()
export class CurrentRegistry {
  constructor(
    private readonly view: RegistryView,
    private readonly client: RegistryClient,
  ) {}

  /**
   * Reads every entry that the question touches from the registry itself, in one call. No answer is a retryable Fault: it is
   * never replaced by what this process remembers.
   */
  async readFor(question: Question, now: Date): Promise<Registry> {
    const wanted = this.wantedFor(question, now);
    const answers = await this.client.current(wanted);
    const entries = new Map(wanted.map(({ kind, id }, index) => [`${kind}:${id}`, answers[index] ?? undefined]));
    return new ReadRegistry(this.view, entries);
  }

  private wantedFor({ agentId, request }: Question, now: Date): Wanted[] {
    const agent = this.view.get('agents', agentId);
    const people = agent === undefined ? [] : [agent.spec.owner, ...agent.spec.principals];
    const incidents = agent === undefined ? [] : incidentsOf(request, { registry: this.view, now });
    const party = counterpartyIdOf(request);
    const wanted: Wanted[] = [
      { kind: 'agents', id: agentId },
      { kind: 'resources', id: request.resource.id },
      { kind: 'profiles', id: request.requested_access.profile },
      { kind: 'action-types', id: request.action.name },
      ...(party === undefined ? [] : [{ kind: 'counterparties' as const, id: party }]),
      ...people.map((id) => ({ kind: 'people' as const, id })),
      ...incidents.flatMap(({ id, changed_by: declarer }) => [
        { kind: 'incidents' as const, id },
        { kind: 'people' as const, id: declarer },
      ]),
      ...(incidents.length === 0 ? [] : [{ kind: 'groups' as const, id: 'soc-lead' }]),
    ];
    return [...new Map(wanted.map((entry) => [`${entry.kind}:${entry.id}`, entry])).values()];
  }
}

/** What was read wins over the copy, and so does "no such entry"; what was not asked for comes from the copy. */
class ReadRegistry implements Registry {
  constructor(
    private readonly view: Registry,
    private readonly entries: ReadonlyMap<string, Known<RegistryKind> | undefined>,
  ) {}

  get<K extends RegistryKind>(kind: K, id: string): Known<K> | undefined {
    const key = `${kind}:${id}`;
    return this.entries.has(key) ? (this.entries.get(key) as Known<K> | undefined) : this.view.get(kind, id);
  }

  incidents(): readonly Known<'incidents'>[] {
    return this.view.incidents().flatMap(({ id }) => this.get('incidents', id) ?? []);
  }

  environmentsOf(profile: Known<'profiles'>): ReturnType<Registry['environmentsOf']> {
    return this.view.environmentsOf(profile);
  }
}
