import type { submitAnswer } from '#contracts';
import { CommonSettings } from '#platform';
import { Calling, callerOfKind, ProofGuard, type Caller } from '#trust/http';
import { Controller, Headers, HttpCode, Param, Post, Req, UseGuards } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { readBody } from './core/ask.js';
import { CancelAction } from './handlers/cancel-action.js';
import { SubmitAction, type Submitted } from './handlers/submit-action.js';

type SubmitAnswer = z.infer<typeof submitAnswer>;

/** What agents ask for over HTTP. The state is read at the notifier, whose address each answer names. */
@Controller('v1/actions')
export class IntakeController {
  constructor(
    private readonly submit: SubmitAction,
    private readonly cancel: CancelAction,
    private readonly settings: CommonSettings,
  ) {}

  /** No guard: the request itself is signed, for the public address of this route. */
  @Post()
  @HttpCode(202)
  async ask(
    @Req() request: FastifyRequest,
    @Headers('sallyport-signature') signature?: string,
    @Headers('content-type') contentType?: string,
  ): Promise<SubmitAnswer> {
    const ask = readBody({ rawBody: request.rawBody, signature, contentType, traceparent: request.traceparent });
    return this.#answer(await this.submit.handle(ask, `${this.settings.SALLYPORT_INTAKE_URL}/v1/actions`));
  }

  @Post(':id/cancel')
  @HttpCode(202)
  @UseGuards(ProofGuard)
  async end(
    @Calling() caller: Caller,
    @Param('id') actionId: string,
    @Req() request: FastifyRequest,
  ): Promise<SubmitAnswer> {
    const { agent } = callerOfKind(caller, 'agent');
    await this.cancel.handle({ actionId, agentId: agent.id, traceparent: request.traceparent });
    return this.#answer({ actionId, state: 'accepted' });
  }

  #answer({ actionId, state }: Submitted): SubmitAnswer {
    const status_url = `${this.settings.SALLYPORT_NOTIFIER_URL}/v1/actions/${actionId}`;
    return { action_id: actionId, state, status_url };
  }
}
