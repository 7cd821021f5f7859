import { problems, type Problem, type ProblemCode } from '#contracts';

/** Beside the gate's own codes: no answer in time, an answer that does not prove what it says or is none of the contract, an end without an offer. */
export type GateErrorCode = ProblemCode | 'no_answer' | 'not_trusted' | 'unexpected_answer' | 'not_offered';

/** Everything that goes wrong between an agent or a tool and the gate. Switch on `code`. */
export class GateError extends Error {
  readonly code: GateErrorCode;
  readonly status: number | undefined;
  /** What the gate said, where it said something (RFC 9457). */
  readonly problem: Problem | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: GateErrorCode, message: string, more: GateErrorMore = {}) {
    super(`${code}: ${message}`, more.cause === undefined ? {} : { cause: more.cause });
    this.name = 'GateError';
    this.code = code;
    this.status = more.status;
    this.problem = more.problem;
    this.retryAfterSeconds = more.retryAfterSeconds;
  }

  /** True when the same call may be made again later: nothing was decided. */
  get isTransient(): boolean {
    return this.status === 429 || this.status === 503 || this.code === 'no_answer';
  }
}

interface GateErrorMore {
  status?: number | undefined;
  problem?: Problem | undefined;
  retryAfterSeconds?: number | undefined;
  cause?: unknown;
}

/** An answer that is an error, as a GateError. */
export async function errorOf(answer: Response): Promise<GateError> {
  const { status } = answer;
  const retryAfter = Number(answer.headers.get('retry-after') ?? Number.NaN);
  const retryAfterSeconds = Number.isFinite(retryAfter) ? retryAfter : undefined;
  const problem = await readProblem(answer);
  if (problem === undefined) {
    return new GateError('unexpected_answer', `status ${status}`, { status, retryAfterSeconds });
  }
  return new GateError(problem.code, problem.detail ?? problem.title, { status, problem, retryAfterSeconds });
}

async function readProblem(answer: Response): Promise<Problem | undefined> {
  try {
    const body = (await answer.json()) as Problem;
    return typeof body.code === 'string' && Object.hasOwn(problems, body.code) ? body : undefined;
  } catch {
    // A proxy's error page, or an answer cut off: the status says all there is.
    return undefined;
  }
}
