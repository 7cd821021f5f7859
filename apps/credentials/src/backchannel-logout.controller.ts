import { Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import { logoutForm, ProblemError } from '#contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { EndSessions } from './handlers/end-sessions.js';

/** Where identity providers say that a session is over. The signature of the token in the form is all that proves the caller. */
@Controller('v1/backchannel-logout')
export class BackchannelLogoutController {
  constructor(private readonly sessions: EndSessions) {}

  @Post()
  @HttpCode(200)
  async end(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    void reply.header('cache-control', 'no-store');
    await this.sessions.handle(tokenOf(request.rawBody), request.ip);
  }
}

/** A form that says something twice says nothing. */
function tokenOf(body: Buffer): string {
  const form = new URLSearchParams(body.toString('utf8'));
  const read = logoutForm.safeParse({ logout_token: form.getAll('logout_token').length === 1 ? form.get('logout_token') : null });
  if (!read.success) throw new ProblemError('logout_token_invalid');
  return read.data.logout_token;
} // prettier-ignore
