import { Controller, Get, HttpCode, Param, Post, Query, Req, UseGuards } from '@nestjs/common';
import {
  ProblemError, reasonBody, uuidv7, voteBody, type ApprovalAnswer, type ApprovalsAnswer, type EndApprovalAnswer,
  type EvidenceAnswer, type VoteAnswer,
} from '#contracts'; // prettier-ignore
import { callerOfKind, Calling, OnlyStops, PersonGuard, ProvenInBody, type Caller } from '#trust/http';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { CastVote } from './handlers/cast-vote.js';
import { EndByPerson } from './handlers/end-by-person.js';
import { ListApprovals } from './handlers/list-approvals.js';
import { ShowEvidence } from './handlers/show-evidence.js';
import { ShowApproval } from './handlers/show-approval.js';
import { readBody } from './io/read-body.js';

const listQuery = z.strictObject({
  state: z.enum(['open', 'granted', 'denied', 'expired', 'cancelled']).default('open'),
  mine: z.enum(['true', 'false']).default('false'),
  /** Requests that look alike, each on its own line; with `like`, only those that look like this action. */
  each: z.enum(['true', 'false']).default('false'),
  like: uuidv7.optional(),
});

/** Where people decide. Agents reach none of it: only a person's token opens these doors. */
@Controller('v1/approvals')
@UseGuards(PersonGuard)
export class ApprovalsController {
  constructor(
    private readonly list: ListApprovals,
    private readonly show: ShowApproval,
    private readonly vote: CastVote,
    private readonly ends: EndByPerson,
    private readonly evidence: ShowEvidence,
  ) {}

  @Get()
  async all(@Calling() caller: Caller, @Query() query: unknown): Promise<ApprovalsAnswer> {
    const read = listQuery.safeParse(query);
    if (!read.success) throw new ProblemError('schema_mismatch', { detail: 'query' });
    const { each, like, mine, state } = read.data;
    const alike =
      each === 'true' || like !== undefined ? ({ kind: 'each', like } as const) : { kind: 'together' as const };
    return this.list.handle(personOf(caller), { state, mine: mine === 'true', alike });
  }

  @Get(':id')
  async one(@Calling() caller: Caller, @Param('id') id: string): Promise<ApprovalAnswer> {
    return this.show.handle(actionId(id), personOf(caller));
  }

  @Get(':id/evidence')
  async proof(@Calling() caller: Caller, @Param('id') id: string): Promise<EvidenceAnswer> {
    return this.evidence.handle(actionId(id), personOf(caller));
  }

  @Post(':id/votes')
  @ProvenInBody()
  @HttpCode(200)
  async votes(@Calling() caller: Caller, @Param('id') id: string, @Req() request: FastifyRequest): Promise<VoteAnswer> {
    const body = readBody(request.rawBody, voteBody);
    return this.vote.handle({
      actionId: actionId(id),
      caller: personOf(caller),
      body,
      traceparent: request.traceparent,
    });
  }

  @Post(':id/withdraw')
  @OnlyStops()
  @HttpCode(200)
  async withdraw(
    @Calling() caller: Caller,
    @Param('id') id: string,
    @Req() request: FastifyRequest,
  ): Promise<EndApprovalAnswer> {
    return this.end('withdraw', caller, id, request);
  }

  @Post(':id/stop')
  @OnlyStops()
  @HttpCode(200)
  async stop(
    @Calling() caller: Caller,
    @Param('id') id: string,
    @Req() request: FastifyRequest,
  ): Promise<EndApprovalAnswer> {
    return this.end('stop', caller, id, request);
  }

  private end(
    act: 'withdraw' | 'stop',
    caller: Caller,
    id: string,
    request: FastifyRequest,
  ): Promise<EndApprovalAnswer> {
    const { reason } = readBody(request.rawBody, reasonBody);
    const { traceparent } = request;
    return this.ends.handle({ actionId: actionId(id), caller: personOf(caller), act, reason, traceparent });
  }
}

export const personOf = (caller: Caller): ReturnType<typeof callerOfKind<'person'>>['person'] =>
  callerOfKind(caller, 'person').person;

/** An id of another shape is the id of nothing. */
export function actionId(id: string): string {
  if (!uuidv7.safeParse(id).success) throw new ProblemError('not_found');
  return id;
}
