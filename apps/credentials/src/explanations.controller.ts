import { Controller, HttpCode, Post, Req, UseGuards } from '@nestjs/common';
import { explanationBody, ProblemError, type Explanation } from '#contracts';
import { Calling, callerOfKind, ServiceGuard, type CalledRequest, type Caller } from '#trust/http';
import { bodyOf } from './body-of.js';
import { ExplainAction } from './handlers/explain-action.js';

/** Where policy asks what a statement would do, before it asks people. */
@Controller('v1/explanations')
@UseGuards(ServiceGuard)
export class ExplanationsController {
  constructor(private readonly explain: ExplainAction) {}

  @Post()
  @HttpCode(200)
  explanations(@Calling() caller: Caller, @Req() request: CalledRequest): Promise<Explanation> {
    if (callerOfKind(caller, 'service').service !== 'policy') throw new ProblemError('not_found');
    return this.explain.handle(bodyOf(request, explanationBody).evidence);
  }
}
