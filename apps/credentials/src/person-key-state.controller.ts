import { Controller, HttpCode, Post, Req, UseGuards } from '@nestjs/common';
import { personKeyStateBody, type PersonKeyStateAnswer } from '#contracts';
import { ServiceGuard, type CalledRequest } from '#trust/http';
import { bodyOf } from './body-of.js';
import { ShowPersonKey } from './handlers/register-person-key.js';

/** Other services ask here, at the moment in which a key is used, whether its person or their provider has ended it. */
@Controller('v1/person-keys/state')
@UseGuards(ServiceGuard)
export class PersonKeyStateController {
  constructor(private readonly show: ShowPersonKey) {}

  @Post()
  @HttpCode(200)
  state(@Req() request: CalledRequest): Promise<PersonKeyStateAnswer> {
    return this.show.handle(bodyOf(request, personKeyStateBody));
  }
}
