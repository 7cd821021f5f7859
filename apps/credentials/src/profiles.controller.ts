import { Controller, Get, UseGuards } from '@nestjs/common';
import type { WidthsAnswer } from '#contracts';
import { Calling, callerOfKind, PersonGuard, type Caller } from '#trust/http';
import { MeasureProfiles } from './handlers/measure-profiles.js';

/** Who may look at the kill switch sees where a profile is wider than it needs to be. */
@Controller('v1/profiles')
@UseGuards(PersonGuard)
export class ProfilesController {
  constructor(private readonly measure: MeasureProfiles) {}

  @Get('width')
  width(@Calling() caller: Caller): Promise<WidthsAnswer> {
    return this.measure.handle(callerOfKind(caller, 'person'));
  }
}
