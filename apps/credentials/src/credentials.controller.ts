import { Controller, Get, Header, HttpCode, Param, Post, Req, UseGuards } from '@nestjs/common';
import { consumeBody, endLeaseBody, type ConsumeAnswer, type LeaseAnswer } from '#contracts';
import { AnyOf, Calling, callerOfKind, PersonGuard, ProofGuard, type CalledRequest, type Caller } from '#trust/http';
import { bodyOf } from './body-of.js';
import { leaseIdOf } from './lease-id.js';
import { answerOf } from './core/access.js';
import { ConsumeToken } from './handlers/consume-token.js';
import { CompleteLease, EndByPerson, LeaseAccess } from './handlers/end-by-person.js';

/** What agents and people do with leases. Bodies are read here, strictly; what may be done is for the handlers. */
@Controller('v1')
export class CredentialsController {
  constructor(
    private readonly consumeToken: ConsumeToken,
    private readonly endByPerson: EndByPerson,
    private readonly completeLease: CompleteLease,
    private readonly access: LeaseAccess,
  ) {}

  @Post('leases/:id/end')
  @HttpCode(202)
  @UseGuards(PersonGuard)
  end(@Calling() caller: Caller, @Param('id') id: string, @Req() request: CalledRequest): Promise<LeaseAnswer> {
    const { reason } = bodyOf(request, endLeaseBody);
    return this.endByPerson.handle(caller, leaseIdOf(id), reason);
  }

  @Post('leases/:id/complete')
  @HttpCode(202)
  @UseGuards(ProofGuard)
  complete(@Calling() caller: Caller, @Param('id') id: string): Promise<LeaseAnswer> {
    return this.completeLease.handle(caller, leaseIdOf(id));
  }

  @Get('leases/:id')
  @UseGuards(AnyOf(ProofGuard, PersonGuard))
  async read(@Calling() caller: Caller, @Param('id') id: string): Promise<LeaseAnswer> {
    return answerOf((await this.access.open(caller, leaseIdOf(id))).lease);
  }

  @Post('tokens/consume')
  @HttpCode(200)
  @UseGuards(ProofGuard)
  @Header('cache-control', 'no-store')
  consume(@Calling() caller: Caller, @Req() request: CalledRequest): Promise<ConsumeAnswer> {
    return this.consumeToken.handle(callerOfKind(caller, 'tool'), bodyOf(request, consumeBody));
  }
}
