import { Controller, Get, Param, Res } from '@nestjs/common';
import { ProblemError, uuidv7 } from '#contracts';
import type { FastifyReply } from 'fastify';
import { landingHeaders, landingPage } from './core/landing.js';

/** Without a caller: whoever has the link, a mail scanner too, may read that there is nothing to do here. */
@Controller('requests')
export class LandingController {
  @Get(':id')
  page(@Param('id') id: string, @Res({ passthrough: true }) reply: FastifyReply): string {
    if (!uuidv7.safeParse(id).success) throw new ProblemError('not_found');
    void reply.headers({ ...landingHeaders, 'content-type': 'text/html; charset=utf-8' });
    return landingPage(id);
  }
}
