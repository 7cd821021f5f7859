import { group, type Group } from '#contracts';
import { Database, type Tx } from '#database';
import { newId } from '#platform';
import { Injectable } from '@nestjs/common';
import { groupSpec, keepsMapping, keptOf, readGroup, type GroupDoc } from '../../core/scim/group.js';
import { refused, type Doc, type Outcome } from '../../core/scim/outcome.js';
import { filled, patched } from '../../core/scim/patch.js';
import { groupIdOf, mappedGroup, type Provider } from '../../core/scim/provider.js';
import { meetsEtag, staysOpen, type Linked } from '../../core/scim/resource.js';
import { notThere, orRefuse, ScimError } from '../../core/scim/scim-error.js';
import { groupShape } from '../../core/scim/shapes.js';
import { EntriesStore } from '../../io/entries.store.js';
import { ScimStore } from '../../io/scim.store.js';
import type { Edit } from './provision-person.js';
import { RecordProvisioned } from './record-provisioned.js';

/** A group of an identity provider is a group of the registry, with the provider's users as members. */
@Injectable()
export class ProvisionGroup {
  constructor(
    private readonly database: Database,
    private readonly entries: EntriesStore,
    private readonly store: ScimStore,
    private readonly record: RecordProvisioned,
  ) {}

  async create(provider: Provider, body: unknown): Promise<Linked> {
    const wanted = orRefuse(readGroup(orRefuse(filled(groupShape, {}, body))));
    const id = newId();
    return this.database.transaction(async (tx) => {
      const at = await this.entries.lock(tx);
      await this.#keepNamesApart(provider, { name: wanted.displayName, except: id }, tx);
      const place = await this.#placeOf(provider, { wanted, id }, tx);
      await this.#fill({ ...place, wanted, provider, at }, tx);
      const { entryId: entry_id, made } = place;
      await this.store.add({ id, ...shelf(provider), entry_id, made, resource: keptOf(wanted), at }, tx);
      return this.#found(provider, id, tx);
    });
  }

  async replace(edit: Edit): Promise<Linked> {
    return this.#change(edit, () => filled(groupShape, {}, edit.body));
  }

  async patch(edit: Edit): Promise<Linked> {
    return this.#change(edit, (doc) => patched(groupShape, doc, edit.body));
  }

  async #change({ provider, id, ifMatch }: Edit, edit: (doc: Doc) => Outcome<Doc>): Promise<Linked> {
    return this.database.transaction(async (tx) => {
      const at = await this.entries.lock(tx);
      const linked = orRefuse(meetsEtag(await this.#open(provider, id, tx), ifMatch));
      const held = group.parse(linked.spec);
      const members = await this.store.usersAmong(provider.name, held.members, tx);
      const before = { ...linked.resource, members: members.map((one) => ({ value: one.id })) };
      const wanted = orRefuse(readGroup(orRefuse(edit(before))));
      orRefuse(keepsMapping(String(linked.resource['displayName']), wanted.displayName, provider));
      await this.#keepNamesApart(provider, { name: wanted.displayName, except: id }, tx);
      await this.#fill({ entryId: linked.entry_id, made: linked.made, held, wanted, provider, at }, tx);
      await this.store.keep(id, keptOf(wanted), at, tx);
      return this.#found(provider, id, tx);
    });
  }

  /** Members by other hands stay, unless they are registered no more. */
  async #fill({ entryId, made, held, wanted, provider, at }: Filled, tx: Tx): Promise<void> {
    const own = await this.#peopleBy(provider, wanted.members, tx);
    const before = held?.members ?? [];
    const users = new Set((await this.store.usersAmong(provider.name, before, tx)).map((one) => one.entry_id));
    const others = (await this.store.registered(before, tx)).filter((one) => !users.has(one));
    const spec = groupSpec(held, wanted, { others, own, made });
    await this.record.handle({ kind: 'groups', id: entryId, spec, provider, at }, tx);
  }

  /** Somebody whom nobody knows is said, and never left out in silence. */
  async #peopleBy(provider: Provider, ids: readonly string[], tx: Tx): Promise<string[]> {
    const found = await this.store.peopleBy(provider.name, ids.filter((id) => uuid.test(id)), tx); // prettier-ignore
    const entryIds = new Map(found.map((one) => [one.id, one.entry_id]));
    const unknown = ids.find((id) => !entryIds.has(id.toLowerCase()));
    if (unknown !== undefined) throw new ScimError(refused('invalidValue', `members: ${unknown} is no user`).refusal);
    return [...entryIds.values()];
  }

  /** The group that the settings map the name to, as it stands; or one of the provider's own. */
  async #placeOf(provider: Provider, { wanted, id }: { wanted: GroupDoc; id: string }, tx: Tx): Promise<Place> {
    const mapped = mappedGroup(provider, wanted.displayName);
    const entryId = mapped ?? groupIdOf(provider, wanted.displayName, id);
    const [entry] = await this.entries.load([{ kind: 'groups', id: entryId }], tx);
    const { isHeld, wasMade } = await this.store.historyOf(shelf(provider), entryId, tx);
    const isFree = entry === undefined || mapped !== undefined || (entry.deleted && wasMade);
    if (isHeld || !isFree) throw new ScimError(refused('uniqueness', `the group ${entryId} is there already`).refusal);
    const held = entry === undefined || entry.deleted ? undefined : group.parse(entry.spec);
    return { entryId, made: mapped === undefined, held };
  }

  async #found(provider: Provider, id: string, tx: Tx): Promise<Linked> {
    const linked = await this.store.find(shelf(provider), id, tx);
    if (linked === undefined) throw notThere();
    return linked;
  }

  async #open(provider: Provider, id: string, tx: Tx): Promise<Linked> {
    return orRefuse(staysOpen(await this.#found(provider, id, tx), provider));
  }

  async #keepNamesApart(provider: Provider, name: { name: string; except: string }, tx: Tx): Promise<void> {
    if (await this.store.hasName(shelf(provider), name, tx))
      throw new ScimError(refused('uniqueness', 'displayName is taken').refusal);
  }
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/iu;

const shelf = ({ name }: Provider) => ({ provider: name, kind: 'groups' }) as const;

interface Place {
  entryId: string;
  made: boolean;
  held: Group | undefined;
}

interface Filled extends Place {
  wanted: GroupDoc;
  provider: Provider;
  at: Date;
}
