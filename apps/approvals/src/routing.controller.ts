import { Controller, Get, UseGuards } from '@nestjs/common';
import type { RoutingHealthAnswer } from '#contracts';
import { callerOfKind, Calling, PersonGuard, type Caller } from '#trust/http';
import { LookAtRouting } from './handlers/look-at-routing.js';

/** For whoever keeps the registry and the rules in order. */
@Controller('v1/routing')
@UseGuards(PersonGuard)
export class RoutingController {
  constructor(private readonly routing: LookAtRouting) {}

  @Get('health')
  async health(@Calling() caller: Caller): Promise<RoutingHealthAnswer> {
    return this.routing.handle(callerOfKind(caller, 'person').person);
  }
}
