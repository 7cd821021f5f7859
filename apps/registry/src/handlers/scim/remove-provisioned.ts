import { group, person, type RegistryKind, type SpecOf } from '#contracts';
import { Database, type Tx } from '#database';
import { Injectable } from '@nestjs/common';
import type { Provider } from '../../core/scim/provider.js';
import { meetsEtag, staysOpen, type Linked } from '../../core/scim/resource.js';
import { notThere, orRefuse } from '../../core/scim/scim-error.js';
import { EntriesStore } from '../../io/entries.store.js';
import { ScimStore } from '../../io/scim.store.js';
import { RecordProvisioned } from './record-provisioned.js';

export interface Removal {
  provider: Provider;
  kind: Linked['kind'];
  id: string;
  ifMatch: string | undefined;
}

/** DELETE: at once, and by versions like any other; what the registry has kept stays. */
@Injectable()
export class RemoveProvisioned {
  constructor(
    private readonly database: Database,
    private readonly entries: EntriesStore,
    private readonly store: ScimStore,
    private readonly record: RecordProvisioned,
  ) {}

  async handle({ provider, kind, id, ifMatch }: Removal): Promise<void> {
    await this.database.transaction(async (tx) => {
      const at = await this.entries.lock(tx);
      const found = await this.store.find({ provider: provider.name, kind }, id, tx);
      if (found === undefined) throw notThere();
      const linked = orRefuse(meetsEtag(orRefuse(staysOpen(found, provider)), ifMatch));
      if (kind === 'people') await this.#leaveGroups(linked, provider, { at, tx });
      const spec = linked.made ? undefined : await this.#rest(linked, provider, tx);
      await this.record.handle({ kind, id: linked.entry_id, spec, provider, at }, tx);
      await this.store.end(id, at, tx);
    });
  }

  /** What is left of an entry that the provider did not make: an inactive person, a group without the provider's users. */
  async #rest({ kind, spec }: Linked, provider: Provider, tx: Tx): Promise<SpecOf<RegistryKind>> {
    if (kind === 'people') return { ...person.parse(spec), state: 'inactive' };
    const held = group.parse(spec);
    const users = new Set((await this.store.usersAmong(provider.name, held.members, tx)).map((one) => one.entry_id));
    const others = await this.store.registered(held.members.filter((one) => !users.has(one)), tx); // prettier-ignore
    return { ...held, members: held.members.filter((one) => others.includes(one)) };
  }

  /** Whoever was put into a group by the provider does not stay in it as somebody else's member. */
  async #leaveGroups({ entry_id: gone }: Linked, provider: Provider, { at, tx }: { at: Date; tx: Tx }): Promise<void> {
    for (const { entry_id, spec } of await this.store.groupsWith(provider.name, gone, tx)) {
      const held = group.parse(spec);
      const members = await this.store.registered(held.members.filter((one) => one !== gone), tx); // prettier-ignore
      const left = { ...held, members: held.members.filter((one) => members.includes(one)) };
      await this.record.handle({ kind: 'groups', id: entry_id, spec: left, provider, at }, tx);
    }
  }
}
