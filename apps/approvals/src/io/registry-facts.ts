import { Injectable } from '@nestjs/common';
import {
  addressesOf, membersOf, personIn, personRecipient, toldOf, type Directory, type Known, type Recipient, type RegistryKind, type Versioned,
} from '#contracts'; // prettier-ignore
import { isKnown, RegistryClient, RegistryCopy, type CopyEntry, type Wanted } from '#facts';
import { deciderOf, type Decider } from '../core/decider.js';
import { overseers } from '../core/eligibility.js';
import type { Asked } from '../core/plan.js';

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
  readonly peopleOf: Asked['peopleOf'] = (recipient) => askedOf(this.copy).peopleOf(recipient);

  /** From the copy. */
  readonly toldOf: Asked['toldOf'] = (recipient) => askedOf(this.copy).toldOf(recipient);

  /** From the copy: whether anybody of it can be told anything. */
  readonly hears = (recipient: Recipient): boolean => addressesOf(recipient, this.copy).length > 0;

  /** Groups and people as the registry itself says now. Throws a retryable Fault when it does not answer. */
  async askedNow(recipients: Recipient[]): Promise<Asked> {
    const named = recipients.flatMap((one) => personIn(one) ?? []);
    const groups = recipients.filter((one) => personIn(one) === undefined);
    const known = (await this.now(groups.map((id) => ({ kind: 'groups', id })))).filter((entry) =>
      isKnown(entry, 'groups'),
    );
    const members = [...new Set([...named, ...known.flatMap((group) => group.spec.members)])];
    const people = (await this.now(members.map((id) => ({ kind: 'people', id })))).filter((entry) =>
      isKnown(entry, 'people'),
    );
    const found = new RegistryCopy();
    found.take([...known, ...people]);
    return askedOf(found);
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
}

function askedOf(directory: Directory): Asked {
  // Read lazily: a group may have thousands, a plan needs a handful.
  const people = function* (ids: readonly string[]): Generator<Decider> {
    for (const id of ids) {
      const person = directory.get('people', id);
      if (person !== undefined) yield deciderOf(person);
    }
  };
  return {
    peopleOf: (recipient) => people(membersOf(recipient, directory)),
    toldOf: (recipient) => people(toldOf(recipient, directory)),
  };
}
