import { Controller, Delete, Get, HttpCode, Param, Patch, Post, Put, Query, Req, Res, UseFilters, UseGuards } from '@nestjs/common'; // prettier-ignore
import type { FastifyReply } from 'fastify';
import { jsonOf } from './call.js';
import { resourceTypes, schemas, serviceProviderConfig } from './core/scim/catalogue.js';
import type { Provider } from './core/scim/provider.js';
import { listAnswer, locationOf, type Linked } from './core/scim/resource.js';
import { notThere, ScimError } from './core/scim/scim-error.js';
import { ProvisionGroup } from './handlers/scim/provision-group.js';
import { ProvisionPerson, type Edit } from './handlers/scim/provision-person.js';
import { ReadProvisioned } from './handlers/scim/read-provisioned.js';
import { RemoveProvisioned } from './handlers/scim/remove-provisioned.js';
import { ScimAnswer, type Asking } from './scim-answer.js';
import { ScimFilter } from './scim-filter.js';
import { Calling, ScimGuard, type ScimRequest } from './scim-guard.js';

/** The things that are pushed. */
@Controller('scim/v2')
@UseGuards(ScimGuard)
@UseFilters(ScimFilter)
export class ScimController {
  constructor(
    private readonly people: ProvisionPerson,
    private readonly groups: ProvisionGroup,
    private readonly remover: RemoveProvisioned,
    private readonly read: ReadProvisioned,
    private readonly answer: ScimAnswer,
  ) {}

  @Get(':kind')
  async list(
    @Calling() provider: Provider,
    @Param('kind') kind: string,
    @Query() query: Queried,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return this.answer.list(provider, kindOf(kind), askingOf(query), reply);
  }

  @Get(':kind/:id')
  async one(
    @Calling() provider: Provider,
    @Param() path: Path,
    @Req() request: Called,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const linked = await this.read.one(provider, kindOf(path.kind), idOf(path.id));
    const seen = headerOf(request, 'if-none-match');
    return this.answer.unlessSeen(provider, linked, { wanted: askingOf(request.query), seen }, reply);
  }

  @Post(':kind')
  @HttpCode(201)
  async create(
    @Calling() provider: Provider,
    @Param('kind') kind: string,
    @Req() request: Called,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const linked = await this.#writer(kind).create(provider, jsonOf(request.rawBody));
    void reply.header('location', locationOf(linked, this.answer.url));
    return this.answer.one(provider, linked, askingOf(request.query), reply);
  }

  @Put(':kind/:id')
  async replace(
    @Calling() provider: Provider,
    @Param() path: Path,
    @Req() request: Called,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const linked = await this.#writer(path.kind).replace(editOf(provider, path, request));
    return this.answer.one(provider, linked, askingOf(request.query), reply);
  }

  @Patch(':kind/:id')
  async patch(
    @Calling() provider: Provider,
    @Param() path: Path,
    @Req() request: Called,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const linked = await this.#writer(path.kind).patch(editOf(provider, path, request));
    return this.answer.one(provider, linked, askingOf(request.query), reply);
  }

  @Delete(':kind/:id')
  @HttpCode(204)
  async delete(@Calling() provider: Provider, @Param() path: Path, @Req() request: Called): Promise<void> {
    const removal = { provider, kind: kindOf(path.kind), id: idOf(path.id) };
    await this.remover.handle({ ...removal, ifMatch: headerOf(request, 'if-match') });
  }

  #writer(kind: string): ProvisionPerson | ProvisionGroup {
    return kindOf(kind) === 'people' ? this.people : this.groups;
  }
}

/** What providers read before they push (RFC 7644 section 4). */
@Controller('scim/v2')
@UseGuards(ScimGuard)
@UseFilters(ScimFilter)
export class ScimCatalogueController {
  constructor(private readonly answer: ScimAnswer) {}

  @Get('ServiceProviderConfig')
  config(@Res({ passthrough: true }) reply: FastifyReply): string {
    return this.answer.plain(serviceProviderConfig(this.answer.url), reply);
  }

  @Get('ResourceTypes')
  types(@Res({ passthrough: true }) reply: FastifyReply): string {
    return this.#all(resourceTypes(this.answer.url), reply);
  }

  @Get('ResourceTypes/:id')
  type(@Param('id') id: string, @Res({ passthrough: true }) reply: FastifyReply): string {
    return this.#one(resourceTypes(this.answer.url), id, reply);
  }

  @Get('Schemas')
  schemas(@Res({ passthrough: true }) reply: FastifyReply): string {
    return this.#all(schemas(this.answer.url), reply);
  }

  @Get('Schemas/:id')
  schema(@Param('id') id: string, @Res({ passthrough: true }) reply: FastifyReply): string {
    return this.#one(schemas(this.answer.url), id, reply);
  }

  #all(list: readonly object[], reply: FastifyReply): string {
    return this.answer.plain(listAnswer(list.length, 1, list), reply);
  }

  #one(list: readonly { id: string }[], id: string, reply: FastifyReply): string {
    const found = list.find((one) => one.id.toLowerCase() === id.toLowerCase());
    if (found === undefined) throw notThere();
    return this.answer.plain(found, reply);
  }
}

interface Path {
  kind: string;
  id: string;
}
type Queried = Readonly<Record<string, unknown>>;
type Called = ScimRequest & { query: Queried };

const kinds: Readonly<Record<string, Linked['kind']>> = { Users: 'people', Groups: 'groups' };

function kindOf(text: string): Linked['kind'] {
  const kind = Object.hasOwn(kinds, text) ? kinds[text] : undefined;
  if (kind === undefined) throw notThere();
  return kind;
}

function idOf(text: string): string {
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/iu.test(text)) return text.toLowerCase();
  throw notThere();
}

function headerOf({ headers }: ScimRequest, name: string): string | undefined {
  const header = headers[name];
  return Array.isArray(header) ? header.join(',') : header;
}

function editOf(provider: Provider, { id }: Path, request: Called): Edit {
  return { provider, id: idOf(id), ifMatch: headerOf(request, 'if-match'), body: jsonOf(request.rawBody) };
}

function askingOf(query: Queried): Asking {
  const one = (name: string): string | undefined => {
    const value = query[name];
    if (value === undefined || typeof value === 'string') return value;
    throw new ScimError({ status: 400, scimType: 'invalidValue', detail: `${name} is said once` });
  };
  const page = { filter: one('filter'), startIndex: one('startIndex'), count: one('count') };
  return { ...page, attributes: one('attributes'), excludedAttributes: one('excludedAttributes') };
}
