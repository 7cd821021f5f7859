import { Controller, Get, HttpCode, Param, Post, Req, UseGuards } from '@nestjs/common';
import {
  ProblemError,
  pullBody,
  pullCall,
  reasonBody,
  uuidv7,
  type CeremonyAnswer,
  type PullAnswer,
  type PullsAnswer,
  type ReleaseAnswer,
} from '#contracts';
import { Calling, callerOfKind, PersonGuard, type CalledRequest, type Caller } from '#trust/http';
import { bodyOf } from './body-of.js';
import { BeginPull } from './handlers/begin-ceremony.js';
import { PullSwitch } from './handlers/pull-switch.js';
import { ReleaseSwitch, ShowSwitch } from './handlers/release-switch.js';

/** The kill switch: people only. Each answer is given when it is committed, and not before. */
@Controller('v1/kill-switch')
@UseGuards(PersonGuard)
export class KillSwitchController {
  constructor(
    private readonly pullSwitch: PullSwitch,
    private readonly releaseSwitch: ReleaseSwitch,
    private readonly showSwitch: ShowSwitch,
    private readonly beginPull: BeginPull,
  ) {}

  @Post()
  @HttpCode(202)
  pull(@Calling() caller: Caller, @Req() request: CalledRequest): Promise<PullAnswer> {
    const { confirmed, ...pull } = bodyOf(request, pullCall);
    return this.pullSwitch.handle(callerOfKind(caller, 'person'), pull, confirmed);
  }

  /** A page to confirm a pull on, for an officer who has a security key. */
  @Post('confirm')
  @HttpCode(201)
  confirm(@Calling() caller: Caller, @Req() request: CalledRequest): Promise<CeremonyAnswer> {
    return this.beginPull.handle(callerOfKind(caller, 'person'), bodyOf(request, pullBody));
  }

  @Get()
  show(@Calling() caller: Caller): Promise<PullsAnswer> {
    return this.showSwitch.handle(callerOfKind(caller, 'person'));
  }

  @Post(':id/release')
  @HttpCode(202)
  release(@Calling() caller: Caller, @Param('id') id: string, @Req() request: CalledRequest): Promise<ReleaseAnswer> {
    if (!uuidv7.safeParse(id).success) throw new ProblemError('not_found');
    const { reason } = bodyOf(request, reasonBody);
    return this.releaseSwitch.handle(callerOfKind(caller, 'person'), id, reason);
  }
}
