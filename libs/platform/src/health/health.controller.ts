import { Controller, Get, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Readiness } from './readiness.js';

@Controller()
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  /** Says only that the process answers: a dependency that is down must not get the process restarted. */
  @Get('livez')
  live(): { ok: true } {
    return { ok: true };
  }

  /** 200 or 503, with every part's state, so that an operator sees which one it is. */
  @Get('readyz')
  async ready(@Res() reply: FastifyReply): Promise<void> {
    const report = await this.readiness.report();
    await reply
      .status(report.ready ? 200 : 503)
      .header('cache-control', 'no-store')
      .send(report);
  }
}
