import { Controller, Get, HttpCode, Param, Post, Req, UseGuards } from '@nestjs/common';
import { ProblemError, reasonBody, type Stranger, type StrangersAnswer, type TargetAccess } from '#contracts';
import { Calling, callerOfKind, PersonGuard, type CalledRequest, type Caller } from '#trust/http';
import { z } from 'zod';
import { bodyOf } from './body-of.js';
import { DropStranger, ListStrangers } from './handlers/drop-stranger.js';
import { ShowAccess } from './handlers/show-access.js';

/** What stands at targets and belongs to no running lease, the gate's own and what others let in: for security officers and who may look at the kill switch. */
@Controller('v1')
@UseGuards(PersonGuard)
export class StrangersController {
  constructor(
    private readonly dropStranger: DropStranger,
    private readonly listStrangers: ListStrangers,
    private readonly showAccess: ShowAccess,
  ) {}

  @Get('targets/:target/access')
  access(@Calling() caller: Caller, @Param('target') target: string): Promise<TargetAccess> {
    return this.showAccess.handle(callerOfKind(caller, 'person'), target);
  }

  @Get('strangers')
  list(@Calling() caller: Caller): Promise<StrangersAnswer> {
    return this.listStrangers.handle(callerOfKind(caller, 'person'));
  }

  @Post('targets/:target/strangers/:lease/drop')
  @HttpCode(202)
  drop(
    @Calling() caller: Caller,
    @Param() { target, lease }: { target: string; lease: string },
    @Req() request: CalledRequest,
  ): Promise<Stranger> {
    if (!z.guid().safeParse(lease).success) throw new ProblemError('not_found');
    const { reason } = bodyOf(request, reasonBody);
    return this.dropStranger.handle(callerOfKind(caller, 'person'), { target, leaseId: lease.toLowerCase() }, reason);
  }
}
