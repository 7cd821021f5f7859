import { Controller, Header, HttpCode, Param, Post, Req, UseGuards } from '@nestjs/common';
import {
  personKeyBody, ProblemError, thumbprint, type EndPersonKeyAnswer, type PersonKeyAnswer,
} from '#contracts'; // prettier-ignore
import { Calling, callerOfKind, PersonGuard, ProvenInBody, type CalledRequest, type Caller } from '#trust/http';
import { bodyOf } from './body-of.js';
import { EndPersonKey, RegisterPersonKey } from './handlers/register-person-key.js';

/** The keys that people sign with. */
@Controller('v1/person-keys')
@UseGuards(PersonGuard)
export class PersonKeysController {
  constructor(
    private readonly registering: RegisterPersonKey,
    private readonly ending: EndPersonKey,
  ) {}

  /** There is no key before this call: the sign-in in its body commits to the new one. */
  @Post()
  @ProvenInBody()
  @HttpCode(201)
  @Header('cache-control', 'no-store')
  register(@Calling() caller: Caller, @Req() request: CalledRequest): Promise<PersonKeyAnswer> {
    return this.registering.handle(callerOfKind(caller, 'person'), bodyOf(request, personKeyBody));
  }

  @Post(':thumbprint/end')
  @HttpCode(200)
  end(@Calling() caller: Caller, @Param('thumbprint') key: string): Promise<EndPersonKeyAnswer> {
    if (!thumbprint.safeParse(key).success) throw new ProblemError('not_found');
    return this.ending.handle(callerOfKind(caller, 'person'), key);
  }
}
