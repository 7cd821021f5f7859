import { Controller, Delete, HttpCode, Param, Post, Req, UseGuards } from '@nestjs/common';
import { delegateBody, questionBody, type DelegateAnswer, type QuestionAnswer } from '#contracts';
import { Calling, PersonGuard, ProvenInBody, type Caller } from '#trust/http';
import type { FastifyRequest } from 'fastify';
import { actionId, personOf } from './approvals.controller.js';
import { AskAgent } from './handlers/ask-agent.js';
import { DelegateSeat } from './handlers/delegate-seat.js';
import { readBody } from './io/read-body.js';

/** What people do before they decide, or instead: give their seat away, ask the agent. */
@Controller('v1/approvals')
@UseGuards(PersonGuard)
export class ApprovalsBesideController {
  constructor(
    private readonly seats: DelegateSeat,
    private readonly questions: AskAgent,
  ) {}

  @Post(':id/delegate')
  @ProvenInBody()
  @HttpCode(200)
  async delegate(
    @Calling() caller: Caller,
    @Param('id') id: string,
    @Req() request: FastifyRequest,
  ): Promise<DelegateAnswer> {
    const body = readBody(request.rawBody, delegateBody);
    const { traceparent } = request;
    return this.seats.give({ actionId: actionId(id), caller: personOf(caller), body, traceparent });
  }

  @Delete(':id/delegate')
  async takeBack(
    @Calling() caller: Caller,
    @Param('id') id: string,
    @Req() { traceparent }: FastifyRequest,
  ): Promise<DelegateAnswer> {
    return this.seats.takeBack({ actionId: actionId(id), caller: personOf(caller), traceparent });
  }

  @Post(':id/question')
  @HttpCode(200)
  async question(
    @Calling() caller: Caller,
    @Param('id') id: string,
    @Req() request: FastifyRequest,
  ): Promise<QuestionAnswer> {
    const { text } = readBody(request.rawBody, questionBody);
    const { traceparent } = request;
    return this.questions.handle({ actionId: actionId(id), caller: personOf(caller), text, traceparent });
  }
}
