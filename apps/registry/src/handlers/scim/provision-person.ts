import { person, type Person } from '#contracts';
import { Database, type Tx } from '#database';
import { newId } from '#platform';
import { Injectable } from '@nestjs/common';
import { identityClaim } from '../../core/kinds/people.js';
import { fine, refused, type Doc, type Outcome } from '../../core/scim/outcome.js';
import { filled, patched } from '../../core/scim/patch.js';
import { changedPerson, keepsAccount, newPerson, readUser, subjectOf, type UserDoc } from '../../core/scim/person.js';
import { personIdOf, type Provider } from '../../core/scim/provider.js';
import { meetsEtag, staysOpen, type Linked } from '../../core/scim/resource.js';
import { notThere, orRefuse, ScimError } from '../../core/scim/scim-error.js';
import { userShape } from '../../core/scim/shapes.js';
import { EntriesStore } from '../../io/entries.store.js';
import { ScimStore } from '../../io/scim.store.js';
import { RecordProvisioned } from './record-provisioned.js';

export interface Edit {
  provider: Provider;
  id: string;
  ifMatch: string | undefined;
  body: unknown;
}

/** A user of an identity provider is a person of the registry. */
@Injectable()
export class ProvisionPerson {
  constructor(
    private readonly database: Database,
    private readonly entries: EntriesStore,
    private readonly store: ScimStore,
    private readonly record: RecordProvisioned,
  ) {}

  /** POST: a new person; or one of those whom the settings let the provider take over, when the account is that person's already. */
  async create(provider: Provider, body: unknown): Promise<Linked> {
    const user = orRefuse(readUser(orRefuse(filled(userShape, {}, body))));
    const identity = { iss: provider.issuer, sub: orRefuse(subjectOf(user, provider)) };
    const id = newId();
    return this.database.transaction(async (tx) => {
      const at = await this.entries.lock(tx);
      await this.#keepNamesApart(provider, { name: user.userName, except: id }, tx);
      const held = await this.#heldBy(provider, identityClaim(identity), tx);
      const entryId = held?.id ?? personIdOf(provider, id);
      const spec = held ? changedPerson(held.spec, undefined, user) : newPerson(user, identity);
      await this.record.handle({ kind: 'people', id: entryId, spec, provider, at }, tx);
      const link = { id, ...shelf(provider), entry_id: entryId, made: held === undefined, resource: user, at };
      await this.store.add(link, tx);
      return this.#found(provider, id, tx);
    });
  }

  /** PUT: what is not said is gone, but for the account and `active`: silence neither moves an account nor brings anybody back. */
  async replace(edit: Edit): Promise<Linked> {
    const { subject } = edit.provider;
    return this.#change(edit, ({ active, [subject]: sub }) => filled(userShape, { active, [subject]: sub }, edit.body));
  }

  async patch(edit: Edit): Promise<Linked> {
    return this.#change(edit, (doc) => patched(userShape, doc, edit.body));
  }

  async #change({ provider, id, ifMatch }: Edit, edit: (doc: Doc) => Outcome<Doc>): Promise<Linked> {
    return this.database.transaction(async (tx) => {
      const at = await this.entries.lock(tx);
      const linked = orRefuse(meetsEtag(await this.#open(provider, id, tx), ifMatch));
      const before = orRefuse(readUser(linked.resource));
      const after = orRefuse(keepsAccount(before, orRefuse(readUser(orRefuse(edit(linked.resource)))), provider));
      await this.#keepNamesApart(provider, { name: after.userName, except: id }, tx);
      await this.#save({ linked, before, after, provider, at }, tx);
      return this.#found(provider, id, tx);
    });
  }

  async #save({ linked, before, after, provider, at }: Saved, tx: Tx): Promise<void> {
    const spec = changedPerson(person.parse(linked.spec), before, after);
    await this.record.handle({ kind: 'people', id: linked.entry_id, spec, provider, at }, tx);
    await this.store.keep(linked.id, after, at, tx);
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
      throw new ScimError(refused('uniqueness', 'userName is taken').refusal);
  }

  /** The person who has this account already, if the provider may take that person over; a refusal if it may not. */
  async #heldBy(provider: Provider, claim: string, tx: Tx): Promise<{ id: string; spec: Person } | undefined> {
    const holder = await this.store.holderOf(claim, tx);
    if (holder === undefined) return undefined;
    const isFree = !(await this.store.historyOf(shelf(provider), holder.id, tx)).isHeld;
    if (!isFree || !provider.people.includes(holder.id)) throw new ScimError(taken.refusal);
    const [entry] = await this.entries.load([{ kind: 'people', id: holder.id }], tx);
    return orRefuse(entry === undefined ? taken : fine({ id: holder.id, spec: person.parse(entry.spec) }));
  }
}

const taken = refused('uniqueness', 'this account belongs to a person who is registered already');

const shelf = ({ name }: Provider) => ({ provider: name, kind: 'people' }) as const;

interface Saved {
  linked: Linked;
  before: UserDoc;
  after: UserDoc;
  provider: Provider;
  at: Date;
}
