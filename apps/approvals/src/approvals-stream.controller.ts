import { Controller, Get, Headers, Query, Res, StreamableFile, UseGuards } from '@nestjs/common';
import { approvalStreamQuery, ProblemError } from '#contracts';
import { callerOfKind, Calling, PersonGuard, type Caller } from '#trust/http';
import type { FastifyReply } from 'fastify';
import { StreamApprovals } from './handlers/stream-approvals.js';

/** What a console or a terminal follows, so that nobody polls. It tells that something changed, and nothing of it. */
@Controller('v1/approvals/stream')
@UseGuards(PersonGuard)
export class ApprovalsStreamController {
  constructor(private readonly streams: StreamApprovals) {}

  @Get()
  async follow(
    @Calling() caller: Caller,
    @Query() query: unknown,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile> {
    const read = approvalStreamQuery.safeParse(query);
    if (!read.success) throw new ProblemError('schema_mismatch', { detail: 'query' });
    const { person } = callerOfKind(caller, 'person');
    const stream = await this.streams.handle(person, { lastEventId, maxSeconds: read.data.max_seconds });
    // A proxy that collects the answer first would tell the news when it is old. And a connection that were kept after the
    // stream's end would keep this process from ending: only those that are idle when it begins to are closed.
    void reply.header('cache-control', 'no-store').header('x-accel-buffering', 'no').header('connection', 'close');
    return new StreamableFile(stream, { type: 'text/event-stream' });
  }
}
