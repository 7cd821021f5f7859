import { Controller, Get, HttpCode, Param, Post, Query, Req, Res, UseGuards } from '@nestjs/common';
import {
  ceremonyBody, evidenceLimits, ProblemError, stepUpBody, stepUpQuery, uuidv7, type CeremonyAnswer, type CeremonyDone, type StepUpResult,
} from '#contracts'; // prettier-ignore
import { Calling, callerOfKind, PersonGuard, type CalledRequest, type Caller } from '#trust/http';
import type { FastifyReply } from 'fastify';
import { bodyOf } from './body-of.js';
import { pageHeaders, pageScript, pageStyle } from './core/page-assets.js';
import { BeginStepUp } from './handlers/begin-ceremony.js';
import { CeremonyResults, FinishCeremony } from './handlers/finish-ceremony.js';
import { ShowCeremony } from './handlers/show-ceremony.js';

/**
 * Where a security key is used. Asking for a page, and for its result, takes a person; the page itself takes its link, which is good once,
 * for minutes, and for whoever holds that person's security key.
 */
@Controller('v1/step-up')
export class StepUpController {
  constructor(
    private readonly begin: BeginStepUp,
    private readonly page: ShowCeremony,
    private readonly finish: FinishCeremony,
    private readonly results: CeremonyResults,
  ) {}

  @Get('page.js')
  script(@Res({ passthrough: true }) reply: FastifyReply): string {
    void reply.headers({ ...pageHeaders, 'content-type': 'text/javascript; charset=utf-8' });
    return pageScript;
  }

  @Get('page.css')
  style(@Res({ passthrough: true }) reply: FastifyReply): string {
    void reply.headers({ ...pageHeaders, 'content-type': 'text/css; charset=utf-8' });
    return pageStyle;
  }

  @Post(':id')
  @HttpCode(201)
  @UseGuards(PersonGuard)
  ask(@Calling() caller: Caller, @Param('id') id: string, @Req() request: CalledRequest): Promise<CeremonyAnswer> {
    return this.begin.handle(
      callerOfKind(caller, 'person'),
      subjectOf(id),
      bodyOf(request, stepUpBody, evidenceLimits),
    );
  }

  @Get(':id')
  async show(@Param('id') id: string, @Query() query: unknown, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    void reply.headers(pageHeaders);
    const page = await this.page.handle(subjectOf(id), secretOf(query));
    void reply.header('content-type', 'text/html; charset=utf-8');
    return page;
  } // prettier-ignore

  @Post(':id/answer')
  @HttpCode(200)
  async answer(@Param('id') id: string, @Req() request: CalledRequest): Promise<CeremonyDone> {
    const { credential, secret } = bodyOf(request, ceremonyBody);
    await this.finish.handle(subjectOf(id), secret, credential);
    return { state: 'done' };
  }

  @Get(':id/result')
  @UseGuards(PersonGuard)
  result(@Calling() caller: Caller, @Param('id') id: string, @Query() query: unknown): Promise<StepUpResult> {
    return this.results.handle(callerOfKind(caller, 'person'), subjectOf(id), secretOf(query));
  }
}

function subjectOf(id: string): string {
  if (!uuidv7.safeParse(id).success) throw new ProblemError('not_found');
  return id;
}

/** A link without its secret leads nowhere. */
function secretOf(query: unknown): string {
  const read = stepUpQuery.safeParse(query);
  if (!read.success) throw new ProblemError('not_found');
  return read.data.c;
}
