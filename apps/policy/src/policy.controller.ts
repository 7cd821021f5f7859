import { Controller, Get, HttpCode, Post, Req, UseGuards } from '@nestjs/common';
import { judgementBody, ProblemError, type CapsAnswer, type JudgementAnswer } from '#contracts';
import { Calling, callerOfKind, ServiceGuard, type Caller } from '#trust/http';
import type { FastifyRequest } from 'fastify';
import { JudgeAgain } from './handlers/judge-again.js';
import { ShowCaps } from './handlers/show-caps.js';
import { readBody } from './io/read-body.js';

/** Which service may ask for which judgement. */
const askers: Readonly<Record<string, string>> = { vote: 'approvals', redeem: 'credentials' };

/** Where approvals asks before a vote counts, and credentials before it releases. */
@Controller('v1')
@UseGuards(ServiceGuard)
export class PolicyController {
  constructor(
    private readonly judge: JudgeAgain,
    private readonly caps: ShowCaps,
  ) {}

  @Get('caps')
  capsNow(@Calling() caller: Caller): CapsAnswer {
    if (callerOfKind(caller, 'service').service !== 'credentials') throw new ProblemError('not_found');
    return this.caps.handle();
  }

  @Post('judgements')
  @HttpCode(200)
  async judgements(@Calling() caller: Caller, @Req() request: FastifyRequest): Promise<JudgementAnswer> {
    const { service } = callerOfKind(caller, 'service');
    const body = readBody(request.rawBody, judgementBody);
    if (askers[body.purpose] !== service) throw new ProblemError('not_found');
    return this.judge.handle(body);
  }
}
