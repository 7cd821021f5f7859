import { Injectable } from '@nestjs/common';
import {
  channelsOf, personIn, personRecipient, type Channel, type Known, type Recipient, type RegistryKind, type Versioned,
} from '#contracts'; // prettier-ignore
import { isKnown, RegistryClient, RegistryCopy, type CopyEntry, type Wanted } from '#facts';
import { deciderOf, type Decider } from '../core/decider.js';
import { overseers } from '../core/eligibility.js';
import type { Asked, PeopleOf } from '../core/plan.js';

export const versionKey = ({ id, version }: Versioned): string => `${id}@${String(version)}`;

/** What this service wants to know of the registry: from the copy where a moment ago will do, from the registry where it will not. */
@Injectable()
export class RegistryFacts implements Asked {
  constructor(
    private readonly copy: RegistryCopy,
    private readonly registry: RegistryClient,
  ) {}

  /** From the copy. */
  known<K extends RegistryKind>(kind: K, id: string): Known<K> | undefined {
    return this.copy.get(kind, id);
  }

  /** From the copy, in the order asked. */
  copied(wanted: Wanted[]): (CopyEntry | undefined)[] {
    return wanted.map(({ kind, id }) => this.copy.get(kind, id) as CopyEntry | undefined);
  }

  /** All of them, from the copy. */
  agents(): Known<'agents'>[] {
    return this.copy.all('agents');
  }

  /** The groups of a person, from the copy. */
  groupsOf(personId: string): string[] {
    return this.groupsWith(new Set([personId]));
  }

  /** The groups of any of these people, from the copy. */
  groupsWith(people: ReadonlySet<string>): string[] {
    if (people.size === 0) return [];
    const groups = this.copy.all('groups').filter(({ spec }) => spec.members.some((member) => people.has(member)));
    return groups.map(({ id }) => id);
  }

  /** As whom a person is asked: by the groups of the copy, and by name. */
  partiesOf(personId: string): Recipient[] {
    return [...this.groupsOf(personId), personRecipient(personId)];
  }

  /** What lists show this person: all of it to overseers, else what they have a part in. */
  sightOf(personId: string): Recipient[] | 'all' {
    const parties = this.partiesOf(personId);
    return overseers.some((overseer) => parties.includes(overseer)) ? 'all' : parties;
  }

  /** From the copy. */
  readonly peopleOf: PeopleOf = (recipient) => {
    const named = personIn(recipient);
    return this.#known(named === undefined ? this.copy.get('groups', recipient)?.spec.members : [named]);
  };

  /** From the copy. */
  readonly channelsOf = (recipient: Recipient): Channel[] => {
    const named = personIn(recipient);
    return channelsOf(
      (named === undefined ? this.copy.get('groups', recipient) : this.copy.get('people', named))?.spec,
    );
  };

  /** Groups and people as the registry itself says now. Throws a retryable Fault when it does not answer. */
  async askedNow(recipients: Recipient[]): Promise<Asked> {
    const named = recipients.flatMap((one) => personIn(one) ?? []);
    const groups = recipients.filter((one) => personIn(one) === undefined);
    const found = await this.now(groups.map((id) => ({ kind: 'groups', id })));
    const known = byId(found.filter((entry) => isKnown(entry, 'groups')));
    const members = [...new Set([...named, ...[...known.values()].flatMap((group) => group.spec.members)])];
    const looked = await this.now(members.map((id) => ({ kind: 'people', id })));
    return askedOf(known, byId(looked.filter((entry) => isKnown(entry, 'people'))));
  }

  /** Agents at exactly these versions; those that the registry does not know are left out. Asks it at most once. */
  async agentsAt(wanted: Versioned[]): Promise<Map<string, Known<'agents'>>> {
    const agents = new Map<string, Known<'agents'>>();
    const missing = new Map<string, Wanted>();
    for (const one of wanted) {
      const copied = this.copy.get('agents', one.id);
      if (copied?.version === one.version) agents.set(versionKey(one), copied);
      else missing.set(versionKey(one), { kind: 'agents', ...one });
    }
    for (const entry of await this.now([...missing.values()])) {
      if (isKnown(entry, 'agents')) agents.set(versionKey(entry), entry);
    }
    return agents;
  }

  /** What the registry itself says, in the order asked. A deletion is an answer; undefined = there is no such entry or version. */
  async now(wanted: Wanted[]): Promise<(CopyEntry | undefined)[]> {
    if (wanted.length === 0) return [];
    const { entries } = await this.registry.lookup({ entries: wanted });
    return entries.map((signed) => signed?.entry);
  }

  /** Entries at exactly these versions as the registry signed them, in the order asked. */
  async signedAt(wanted: readonly (Versioned & { kind: RegistryKind })[]): Promise<(string | undefined)[]> {
    const asked = wanted.map(({ id, kind, version }) => ({ id, kind, version }));
    const { entries } = await this.registry.lookup({ entries: asked });
    return entries.map((signed) => signed?.jws);
  }

  *#known(ids: readonly string[] = []): Generator<Decider> {
    for (const id of ids) {
      const person = this.copy.get('people', id);
      if (person !== undefined) yield deciderOf(person);
    }
  }
}

const byId = <E extends { id: string }>(entries: readonly E[]): ReadonlyMap<string, E> =>
  new Map(entries.map((entry) => [entry.id, entry]));

function askedOf(groups: ReadonlyMap<string, Known<'groups'>>, people: ReadonlyMap<string, Known<'people'>>): Asked {
  return {
    peopleOf: (recipient) => {
      const named = personIn(recipient);
      const ids = named === undefined ? (groups.get(recipient)?.spec.members ?? []) : [named];
      return ids.flatMap((id) => people.get(id) ?? []).map(deciderOf);
    },
    channelsOf: (recipient) => {
      const named = personIn(recipient);
      return channelsOf((named === undefined ? groups.get(recipient) : people.get(named))?.spec);
    },
  };
}
