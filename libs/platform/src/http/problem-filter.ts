import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { problem, ProblemError, type Problem, type ProblemCode } from '#contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isRetryable } from '../fault.js';
import { Log } from '../log/log.js';
import { traceIdOf } from '../traceparent.js';

/** How long a caller is asked to wait when a dependency is down: about one attempt of ours. */
const dependencyRetrySeconds = 5;

interface Answer {
  status: number;
  body: Problem | InternalProblem;
  retryAfterSeconds?: number | undefined;
}

/** A bug of ours. Not one of the documented codes, because nobody can act on it but us: the trace id finds the log line. */
interface InternalProblem {
  type: string;
  status: 500;
  code: 'internal_error';
  title: string;
  todo: string;
  trace_id?: string;
}

/** Every error becomes RFC 9457 `application/problem+json`; none carries a stack, an error's own text, or a hint of what exists. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly log: Log) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const answer = answerTo(error, request.traceparent);
    if (answer.status >= 500) this.tell(error, answer, request);
    // The answer may already be on its way (a client that went away in mid-stream): nothing can be added to it.
    if (reply.sent) return;
    if (answer.retryAfterSeconds !== undefined) void reply.header('retry-after', String(answer.retryAfterSeconds));
    void reply
      .status(answer.status)
      .header('content-type', 'application/problem+json')
      .send(JSON.stringify(answer.body));
  }

  private tell(error: unknown, { status, body }: Answer, request: FastifyRequest): void {
    const fields = {
      status,
      code: body.code,
      method: request.method,
      route: request.routeOptions.url ?? 'none',
      trace_id: traceIdOf(request.traceparent),
      error,
    };
    if (status === 503) this.log.warn('http.unavailable', fields);
    else this.log.error('http.failed', fields);
  }
}

function answerTo(error: unknown, traceparent: string | undefined): Answer {
  if (error instanceof ProblemError) {
    return {
      status: error.problem.status,
      body: error.problem,
      retryAfterSeconds: error.retryAfterSeconds ?? waitFor(error.problem),
    };
  }
  if (isRetryable(error)) return answerWith('dependency_unavailable');
  const code = error instanceof HttpException ? codeForStatus(error.getStatus()) : undefined;
  return code ? answerWith(code) : internal(traceparent);
}

function answerWith(code: ProblemCode): Answer {
  const body = problem(code);
  return { status: body.status, body, retryAfterSeconds: waitFor(body) };
}

function waitFor({ status }: Problem): number | undefined {
  return status === 503 ? dependencyRetrySeconds : undefined;
}

/** What Nest and Fastify refuse by themselves, before a handler: an unknown route, a body that is too large, a malformed request. */
function codeForStatus(status: number): ProblemCode | undefined {
  if (status === 413 || status === 414 || status === 431) return 'too_large';
  if (status === 503) return 'dependency_unavailable';
  if (status === 429) return 'rate_limited';
  if (status === 404 || status === 405) return 'not_found';
  return status >= 400 && status < 500 ? 'schema_mismatch' : undefined;
}

function internal(traceparent: string | undefined): Answer {
  const traceId = traceIdOf(traceparent);
  return {
    status: 500,
    body: {
      type: 'urn:sallyport:problem:internal_error',
      status: 500,
      code: 'internal_error',
      title: 'Something is broken on our side',
      todo: 'Nothing was decided. Try again later; if it stays, give the operators the trace id.',
      ...(traceId === undefined ? {} : { trace_id: traceId }),
    },
  };
}
