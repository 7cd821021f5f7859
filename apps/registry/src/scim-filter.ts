import { ProblemError, type Problem } from '#contracts';
import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { Refusal } from './core/scim/outcome.js';
import { ScimError } from './core/scim/scim-error.js';
import { urns } from './core/scim/shapes.js';

export const scimMedia = 'application/scim+json; charset=utf-8';

/** A refusal as RFC 7644 section 3.12 writes it. Faults go past it, to the filter that all doors share. */
@Catch(ScimError, ProblemError)
export class ScimFilter implements ExceptionFilter {
  catch(error: ScimError | ProblemError, host: ArgumentsHost): void {
    const { status, scimType, detail } = error instanceof ScimError ? error.refusal : refusalOf(error.problem);
    const body = { schemas: [urns.error], status: String(status), ...(scimType !== undefined && { scimType }), detail };
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    void reply.status(status).header('content-type', scimMedia).send(JSON.stringify(body));
  }
}

/** JSON that nobody can read, or a rule of the registry that holds for every door. */
function refusalOf({ status, code, title, detail }: Problem): Refusal {
  const text = detail ?? title;
  if (status !== 400) return { status, detail: text };
  return { status, scimType: code === 'schema_mismatch' ? 'invalidValue' : 'invalidSyntax', detail: text };
}
