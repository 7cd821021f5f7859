import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ProblemError, type AgentKey, type Known } from '#contracts';

/** Who is calling, proven. What it may do is for the handler. */
export type Caller =
  | { kind: 'agent'; agent: Known<'agents'>; jkt: string }
  | { kind: 'tool'; target: Known<'targets'>; jkt: string }
  | { kind: 'service'; service: string }
  | { kind: 'person'; person: Known<'people'>; iss: string; sub: string; clientId: string };

export type CallerOf<K extends Caller['kind']> = Extract<Caller, { kind: K }>;

/** Who holds a signing key. */
export type KeyOwner =
  { kind: 'agent'; agent: Known<'agents'>; key: AgentKey } | { kind: 'tool'; target: Known<'targets'> };

/** What guards ask about callers. A promise may wait for the registry; when it rejects with a retryable fault, the answer is a 503. */
export abstract class Callers {
  /** The owner of a key with `use: sig`, by RFC 7638 thumbprint. */
  abstract byKey(jkt: string): KeyOwner | undefined | Promise<KeyOwner | undefined>;
  /** The person with this identity, whatever its state. */
  abstract byIdentity(iss: string, sub: string): Known<'people'> | undefined | Promise<Known<'people'> | undefined>;
}

/** The part of a copy of the registry that tells callers apart. */
export interface RegistryLike {
  agentByKid(kid: string): { agent: Known<'agents'>; key: AgentKey } | undefined;
  personByIdentity(iss: string, sub: string): Known<'people'> | undefined;
  all(kind: 'targets'): Known<'targets'>[];
}

/** Callers as a copy of the registry knows them. */
export class KnownCallers extends Callers {
  constructor(private readonly registry: RegistryLike) {
    super();
  }

  override byKey(jkt: string): KeyOwner | undefined {
    const owner = this.registry.agentByKid(jkt);
    if (owner !== undefined) return owner.key.use === 'sig' ? { kind: 'agent', ...owner } : undefined;
    const holds = ({ spec }: Known<'targets'>): boolean =>
      spec.kind === 'tool' && spec.jwks.keys.some(({ kid }) => kid === jkt);
    const target = this.registry.all('targets').find(holds);
    return target && { kind: 'tool', target };
  }

  override byIdentity(iss: string, sub: string): Known<'people'> | undefined {
    return this.registry.personByIdentity(iss, sub);
  }
}

/** What guards and handlers need of a request (Fastify's). `rawBody` is the exact body, empty when there is none. */
export interface CalledRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly rawBody: Buffer;
  caller?: Caller;
}

/** Parameter decorator: the caller that a guard has proven. A route without a guard has none, which is a fault of ours. */
export const Calling = createParamDecorator((_: unknown, context: ExecutionContext): Caller => {
  const { caller } = context.switchToHttp().getRequest<CalledRequest>();
  if (caller === undefined) throw new TypeError('a route that asks for its caller needs a guard');
  return caller;
});

/** Narrows to one kind; any other caller is told that there is nothing for it here. */
export function callerOfKind<K extends Caller['kind']>(caller: Caller, kind: K): CallerOf<K> {
  if (isOfKind(caller, kind)) return caller;
  throw new ProblemError('not_found');
}

function isOfKind<K extends Caller['kind']>(caller: Caller, kind: K): caller is CallerOf<K> {
  return caller.kind === kind;
}
