import { Controller, Get, UseGuards } from '@nestjs/common';
import { ProblemError, type RoutingAnswer } from '#contracts';
import { Calling, callerOfKind, ServiceGuard, type Caller } from '#trust/http';
import { routingNeeds } from './core/routing.js';
import { PolicyRuntime } from './io/policy-runtime.js';

/** Whom the settings in force can ask for: approvals looks whether they are there. */
@Controller('v1/routing')
@UseGuards(ServiceGuard)
export class RoutingController {
  constructor(private readonly rules: PolicyRuntime) {}

  @Get()
  needs(@Calling() caller: Caller): RoutingAnswer {
    if (callerOfKind(caller, 'service').service !== 'approvals') throw new ProblemError('not_found');
    return { needs: routingNeeds(this.rules.engine.bundle.config) };
  }
}
