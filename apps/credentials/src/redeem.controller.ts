import { Controller, Header, HttpCode, Param, Post, Req, UseGuards } from '@nestjs/common';
import { redeemBody, type LeaseAnswer } from '#contracts';
import { thumbprint } from '#trust';
import { Calling, callerOfKind, ProofGuard, type CalledRequest, type Caller } from '#trust/http';
import { bodyOf } from './body-of.js';
import { AcknowledgeLease } from './handlers/acknowledge-lease.js';
import { RedeemLease } from './handlers/redeem-lease.js';
import { leaseIdOf } from './lease-id.js';

/** How an agent gets what it was offered, and says that it has it. */
@Controller('v1/leases/:id')
@UseGuards(ProofGuard)
export class RedeemController {
  constructor(
    private readonly redeemLease: RedeemLease,
    private readonly acknowledgeLease: AcknowledgeLease,
  ) {}

  @Post('redeem')
  @HttpCode(200)
  @Header('content-type', 'application/jose')
  @Header('cache-control', 'no-store')
  redeem(@Calling() caller: Caller, @Param('id') id: string, @Req() request: CalledRequest): Promise<string> {
    const agent = callerOfKind(caller, 'agent');
    const { action_digest: actionDigest, public_key } = bodyOf(request, redeemBody);
    const encKid = public_key && thumbprint(public_key);
    return this.redeemLease.handle({ caller: agent, leaseId: leaseIdOf(id), actionDigest, encKid });
  }

  @Post('acknowledge')
  @HttpCode(200)
  acknowledge(@Calling() caller: Caller, @Param('id') id: string): Promise<LeaseAnswer> {
    return this.acknowledgeLease.handle(caller, leaseIdOf(id));
  }
}
