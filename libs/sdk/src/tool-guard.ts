import type { ConsumeAnswer } from '#contracts';
import { GateError } from './gate-error.js';
import type { ToolGate } from './tool-gate.js';

/** What a guard reads of a request; those of Node, Express and Fastify have it. */
export interface ToolRequest {
  method?: string | undefined;
  /** Path and query, as it came in. */
  url?: string | undefined;
  headers: Record<string, string | string[] | undefined>;
}

/** The part of Fastify's reply that a guard uses. */
export interface ToolReply {
  code(status: number): unknown;
  header(name: string, value: string): unknown;
  send(payload: unknown): unknown;
}

/** What was consumed for a request; nowhere else, so that a handler that no guard ran before has nothing. */
const consumed = new WeakMap<object, ConsumeAnswer>();

/**
 * A tool as one function: spends a use of the token that the request carries, then does `work` with the frozen action. Without a token
 * of this gate, for this tool, by its holder, and of this action, `work` is not called. Throws GateError then.
 */
export function guarded<T>(
  gate: ToolGate,
  action: string,
  work: (frozen: ConsumeAnswer) => Promise<T>,
): (request: ToolRequest) => Promise<T> {
  return async (request) => work(await consumeFor(gate, action, request));
}

/**
 * A Fastify `preHandler`: the route's handler runs only behind a use that was spent for this request, and reads what to do by `frozenOf`.
 * Everything else is answered with a problem (RFC 9457).
 */
export function fastifyGuard(
  gate: ToolGate,
  action: string,
): (request: ToolRequest, reply: ToolReply) => Promise<unknown> {
  return async (request, reply) => {
    try {
      consumed.set(request, await consumeFor(gate, action, request));
      return undefined;
    } catch (error) {
      if (!(error instanceof GateError)) throw error;
      reply.code(statusOf(error));
      reply.header('content-type', 'application/problem+json');
      reply.send({ status: statusOf(error), code: error.code, title: 'The gate has not released this' });
      return reply;
    }
  };
}

/** The exact frozen action that the guard of this request has consumed: run that, and nothing that the caller says. Throws GateError where no guard ran. */
export function frozenOf(request: object): ConsumeAnswer {
  const frozen = consumed.get(request);
  if (frozen === undefined) throw new GateError('token_invalid', 'no guard has consumed a token for this request');
  return frozen;
}

async function consumeFor(gate: ToolGate, action: string, request: ToolRequest): Promise<ConsumeAnswer> {
  const [, token] = /^DPoP (\S+)$/u.exec(one(request, 'authorization') ?? '') ?? [];
  const agentProof = one(request, 'dpop');
  if (token === undefined || agentProof === undefined)
    throw new GateError('token_invalid', 'the request carries no action token', { status: 401 });
  const { origin, pathname } = new URL(request.url ?? '', gate.toolUrl);
  const frozen = await gate.consume(token, agentProof, { htm: request.method ?? '', htu: origin + pathname });
  // The use is spent: a token that is brought to the wrong route of a tool is lost.
  if (frozen.action.name !== action)
    throw new GateError('digest_mismatch', 'the gate released another action', { status: 409 });
  return frozen;
}

/** A header that came twice is as good as none. */
function one({ headers }: ToolRequest, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

/** What the gate decided as it said it; what it could not answer is not the caller's fault; anything else is no. */
function statusOf({ status, code }: GateError): number {
  if (status !== undefined) return status;
  return code === 'no_answer' ? 503 : 401;
}
