import { Controller, Get, HttpCode, Param, Post, Req, UseGuards } from '@nestjs/common';
import { enrolBody, type CeremonyAnswer, type EndWebauthnKeyAnswer, type WebauthnKeysAnswer } from '#contracts';
import { Calling, callerOfKind, PersonGuard, type CalledRequest, type Caller } from '#trust/http';
import { bodyOf } from './body-of.js';
import { BeginEnrolment } from './handlers/begin-enrolment.js';
import { EndWebauthnKey, ListWebauthnKeys } from './handlers/webauthn-keys.js';

/** The security keys of people. */
@Controller('v1/webauthn-keys')
@UseGuards(PersonGuard)
export class WebauthnKeysController {
  constructor(
    private readonly enrolling: BeginEnrolment,
    private readonly list: ListWebauthnKeys,
    private readonly ending: EndWebauthnKey,
  ) {}

  @Post()
  @HttpCode(201)
  enrol(@Calling() caller: Caller, @Req() request: CalledRequest): Promise<CeremonyAnswer> {
    return this.enrolling.handle(callerOfKind(caller, 'person'), bodyOf(request, enrolBody));
  }

  @Get()
  all(@Calling() caller: Caller): Promise<WebauthnKeysAnswer> {
    return this.list.handle(callerOfKind(caller, 'person'));
  }

  @Post(':id/end')
  @HttpCode(200)
  end(@Calling() caller: Caller, @Param('id') id: string): Promise<EndWebauthnKeyAnswer> {
    return this.ending.handle(callerOfKind(caller, 'person'), id);
  }
}
