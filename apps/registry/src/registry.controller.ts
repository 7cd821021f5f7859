import {
  lookupBody, ProblemError, suspendBody, type EntryAnswer, type EntryListAnswer, type LookupAnswer, type VersionsAnswer,
} from '#contracts'; // prettier-ignore
import { AnyOf, Calling, OnlyStops, PersonGuard, ServiceGuard, type CalledRequest, type Caller } from '#trust/http';
import {
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Param,
  Post,
  Put,
  Query,
  Req,
  Res,
  UseGuards,
} from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { answerOf, claimantOf, etagOf, idOf, jsonOf, kindOf, preconditionOf } from './call.js';
import { DeleteEntry } from './handlers/delete-entry.js';
import { LookUp } from './handlers/look-up.js';
import { PutEntry } from './handlers/put-entry.js';
import { pageSize, ReadEntries } from './handlers/read-entries.js';
import { SwitchAgent } from './handlers/switch-agent.js';
import type { StoredVersion } from './io/versions.store.js';

interface Path {
  kind: string;
  id: string;
}

/** The registry's doors. Uniform over the kinds; agents and tools reach none of them. */
@Controller('v1')
export class RegistryController {
  constructor(
    private readonly put: PutEntry,
    private readonly remove: DeleteEntry,
    private readonly read: ReadEntries,
    private readonly agents: SwitchAgent,
    private readonly lookUp: LookUp,
  ) {}

  @Post('lookup')
  @HttpCode(200)
  @UseGuards(ServiceGuard)
  async lookup(@Req() request: CalledRequest): Promise<LookupAnswer> {
    return this.lookUp.handle(readBody(lookupBody, request.rawBody));
  }

  @Post('agents/:id/suspend')
  @OnlyStops()
  @HttpCode(200)
  @UseGuards(AnyOf(PersonGuard, ServiceGuard))
  async suspend(
    @Calling() caller: Caller,
    @Param('id') id: string,
    @Req() request: CalledRequest,
  ): Promise<EntryAnswer> {
    const { reason } = readBody(suspendBody, request.rawBody);
    return answerOf(await this.agents.handle({ caller: claimantOf(caller), id: idOf(id), to: 'suspended', reason }));
  }

  @Post('agents/:id/resume')
  @HttpCode(200)
  @UseGuards(PersonGuard)
  async resume(
    @Calling() caller: Caller,
    @Param('id') id: string,
    @Req() request: CalledRequest,
  ): Promise<EntryAnswer> {
    const { reason } = readBody(suspendBody, request.rawBody);
    return answerOf(await this.agents.handle({ caller: claimantOf(caller), id: idOf(id), to: 'active', reason }));
  }

  @Get(':kind')
  @UseGuards(PersonGuard)
  async list(
    @Calling() caller: Caller,
    @Param('kind') kind: string,
    @Query('after') after?: string,
  ): Promise<EntryListAnswer> {
    const from = after === undefined ? '' : idOf(after);
    const entries = await this.read.list(claimantOf(caller), kindOf(kind), from);
    const next = entries.length === pageSize ? entries.at(-1)?.id : undefined;
    return { entries: entries.map(answerOf), ...(next !== undefined && { next }) };
  }

  @Get(':kind/:id')
  @UseGuards(PersonGuard)
  async one(
    @Calling() caller: Caller,
    @Param() path: Path,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EntryAnswer> {
    const entry = await this.read.one(claimantOf(caller), kindOf(path.kind), idOf(path.id));
    void reply.header('etag', etagOf(entry.version));
    return answerOf(entry);
  }

  @Get(':kind/:id/versions')
  @UseGuards(PersonGuard)
  async versions(
    @Calling() caller: Caller,
    @Param() path: Path,
    @Query('before') before?: string,
  ): Promise<VersionsAnswer> {
    const from = before === undefined ? { version: 2_147_483_647 } : preconditionOf(before);
    const page = { id: idOf(path.id), before: from === 'absent' ? 0 : from.version };
    const versions = await this.read.history(claimantOf(caller), kindOf(path.kind), page);
    const next = versions.length === pageSize ? versions.at(-1)?.version : undefined;
    return { versions: versions.map(versionOf), ...(next !== undefined && { next }) };
  }

  @Put(':kind/:id')
  @UseGuards(PersonGuard)
  async write(
    @Calling() caller: Caller,
    @Param() path: Path,
    @Req() request: CalledRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EntryAnswer> {
    const { entry, isNew } = await this.put.handle({
      caller: claimantOf(caller),
      kind: kindOf(path.kind),
      id: idOf(path.id),
      body: jsonOf(request.rawBody),
      precondition: preconditionOf(oneOf(request.headers['if-match'])),
    });
    void reply.status(isNew ? 201 : 200).header('etag', etagOf(entry.version));
    return answerOf(entry);
  }

  @Delete(':kind/:id')
  @UseGuards(PersonGuard)
  async delete(
    @Calling() caller: Caller,
    @Param() path: Path,
    @Headers('if-match') ifMatch?: string,
  ): Promise<EntryAnswer> {
    const call = { caller: claimantOf(caller), kind: kindOf(path.kind), id: idOf(path.id) };
    return answerOf(await this.remove.handle({ ...call, precondition: preconditionOf(ifMatch) }));
  }
}

const oneOf = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header[0] : header;

function readBody<S extends z.ZodType>(schema: S, rawBody: Buffer): z.output<S> {
  const body = schema.safeParse(jsonOf(rawBody));
  if (body.success) return body.data;
  throw new ProblemError('schema_mismatch', { detail: body.error.issues[0]?.path.join('.') ?? '' });
}

function versionOf({
  version,
  deleted,
  changed_by,
  changed_at,
  reason,
  entry,
}: StoredVersion): VersionsAnswer['versions'][number] {
  const why = reason === null ? {} : { reason };
  return { version, deleted, changed_by, changed_at: changed_at.toISOString(), ...why, entry };
}
