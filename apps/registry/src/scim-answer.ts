import { CommonSettings } from '#platform';
import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { Provider } from './core/scim/provider.js';
import { shown, type Wanted } from './core/scim/question.js';
import { etagOf, groupAnswer, isNamed, listAnswer, locationOf, userAnswer, type Linked } from './core/scim/resource.js';
import { ReadProvisioned } from './handlers/scim/read-provisioned.js';
import { scimMedia } from './scim-filter.js';

export interface Asking extends Wanted {
  filter: string | undefined;
  startIndex: string | undefined;
  count: string | undefined;
}

/** How resources are written for a provider: with their addresses here, their version, and the attributes it asked for. */
@Injectable()
export class ScimAnswer {
  readonly url: string;

  constructor(
    settings: CommonSettings,
    private readonly read: ReadProvisioned,
  ) {
    this.url = `${settings.SALLYPORT_REGISTRY_URL}/scim/v2`;
  }

  async one(provider: Provider, linked: Linked, wanted: Wanted, reply: FastifyReply): Promise<string> {
    const [resource = {}] = await this.#written(provider, [linked], wanted);
    void reply.header('etag', etagOf(linked)).header('content-location', locationOf(linked, this.url));
    return this.plain(resource, reply);
  }

  /** 304 where the caller has this version already (RFC 7644 section 3.14). */
  async unlessSeen(provider: Provider, linked: Linked, { wanted, seen }: Seen, reply: FastifyReply): Promise<string> {
    if (seen === undefined || !isNamed(linked, seen)) return this.one(provider, linked, wanted, reply);
    void reply.status(304).header('etag', etagOf(linked));
    return '';
  }

  async list(provider: Provider, kind: Linked['kind'], asking: Asking, reply: FastifyReply): Promise<string> {
    const { page, total, found } = await this.read.list(provider, kind, asking);
    const resources = await this.#written(provider, found, asking);
    return this.plain(listAnswer(total, page.startIndex, resources), reply);
  }

  /** As text: Nest would name another media type. */
  plain(body: object, reply: FastifyReply): string {
    void reply.header('content-type', scimMedia);
    return JSON.stringify(body);
  }

  async #written(provider: Provider, found: readonly Linked[], wanted: Wanted): Promise<Record<string, unknown>[]> {
    const groups = found.filter(({ kind }) => kind === 'groups');
    const members = await this.read.members(provider, groups);
    const all = found.map((linked) =>
      linked.kind === 'people'
        ? userAnswer(linked, this.url)
        : groupAnswer(linked, members.get(linked.id) ?? [], this.url),
    );
    return all.map((resource) => shown(resource, wanted));
  }
}

export interface Seen {
  wanted: Wanted;
  seen: string | undefined;
}
