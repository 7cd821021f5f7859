import { Controller, Get, HttpCode, Param, Post, Query, Req, UseGuards } from '@nestjs/common';
import { closeReviewBody, ProblemError, uuidv7, type CloseReviewAnswer, type ReviewsAnswer } from '#contracts';
import { callerOfKind, Calling, PersonGuard, type Caller } from '#trust/http';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { CloseReview } from './handlers/close-review.js';
import { ListReviews } from './handlers/list-reviews.js';
import { readBody } from './io/read-body.js';

const listQuery = z.strictObject({ state: z.enum(['open', 'closed']).default('open') });

/** Where people look at what an emergency rule let through. */
@Controller('v1/reviews')
@UseGuards(PersonGuard)
export class ReviewsController {
  constructor(
    private readonly list: ListReviews,
    private readonly close: CloseReview,
  ) {}

  @Get()
  async all(@Calling() caller: Caller, @Query() query: unknown): Promise<ReviewsAnswer> {
    const read = listQuery.safeParse(query);
    if (!read.success) throw new ProblemError('schema_mismatch', { detail: 'query' });
    return this.list.handle(callerOfKind(caller, 'person').person, read.data.state);
  }

  @Post(':id/close')
  @HttpCode(200)
  async closed(
    @Calling() caller: Caller,
    @Param('id') id: string,
    @Req() request: FastifyRequest,
  ): Promise<CloseReviewAnswer> {
    const { person } = callerOfKind(caller, 'person');
    if (!uuidv7.safeParse(id).success) throw new ProblemError('not_found');
    const closing = readBody(request.rawBody, closeReviewBody);
    return this.close.handle({ reviewId: id, caller: person, closing, traceparent: request.traceparent });
  }
}
