import { Injectable, mixin, type CanActivate, type ExecutionContext, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { ProblemError, type ProblemCode } from '#contracts';
import { verifyProof } from '../proof.js';
import { openCompact } from '../jws.js';
import { verifyServiceToken } from '../service-token.js';
import { statementTypes } from '../statement-types.js';
import type { CalledRequest, Caller, KeyOwner } from './caller.js';
import { HttpTrust } from './http-trust.js';
import { needsSignedCall, proveCall, useOf, type RouteHandler } from './person-call.js';
import { verifyPersonToken } from './person-token.js';

/** The part of Fastify's reply that guards write to; what is set here stands in the answer, an error's too. */
interface Reply {
  header(name: string, value: string): unknown;
}

const bearerChallenge = 'Bearer error="invalid_token"';

/** A guard that says who is calling, and nothing about what the caller may do. */
@Injectable()
export abstract class CallerGuard implements CanActivate {
  constructor(protected readonly http: HttpTrust) {}

  /** In milliseconds, by the clock that decides. */
  now(): number | Promise<number> {
    return this.http.now();
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<CalledRequest>();
    const now = await this.now();
    this.announce(http.getResponse<Reply>(), now);
    try {
      request.caller = await this.identify(request, now, context.getHandler());
    } catch (error) {
      if (error instanceof ProblemError && error.problem.status === 401) {
        http.getResponse<Reply>().header('WWW-Authenticate', this.challenge(error.problem.code));
      }
      throw error;
    }
    return true;
  }

  /** Whether the request carries the kind of credential that this guard reads. Proves nothing. */
  abstract presents(request: CalledRequest): boolean;

  /** Sets what every answer of the route carries. */
  abstract announce(reply: Reply, now: number): void;

  /** `WWW-Authenticate` of a refusal. */
  abstract challenge(code: ProblemCode): string;

  /** Throws ProblemError. `route` is the method of the controller that is called. */
  abstract identify(request: CalledRequest, now: number, route: RouteHandler): Promise<Caller>;
}

/** DPoP (RFC 9449) by a registered key of an agent or a tool. */
@Injectable()
export class ProofGuard extends CallerGuard {
  override presents(request: CalledRequest): boolean {
    return request.headers['dpop'] !== undefined;
  }

  override announce(reply: Reply, now: number): void {
    reply.header('DPoP-Nonce', this.http.keyring.nonces.issue(now));
  }

  override challenge(code: ProblemCode): string {
    const error = code === 'use_dpop_nonce' ? code : 'invalid_dpop_proof';
    return `DPoP error="${error}", algs="ES256 EdDSA Ed25519"`;
  }

  override async identify(request: CalledRequest, now: number): Promise<Caller> {
    const proof = request.headers['dpop'];
    const { nonces } = this.http.keyring;
    const verified = verifyProof(typeof proof === 'string' ? proof : '', {
      htm: request.method,
      htu: this.http.htuOf(request.url),
      body: request.rawBody,
      nonceValid: (nonce) => nonces.isValid(nonce, now),
      // Looked up below, since that may wait for the registry.
      keyKnown: () => true,
      now,
    });
    if (!verified.ok) throw new ProblemError(verified.code);
    const owner = await this.http.callers.byKey(verified.jkt);
    if (owner === undefined) throw new ProblemError('key_unknown');
    // Twice the nonce's life: a nonce issued by an instance whose clock is ahead is valid for a little longer.
    const isFirst = await this.http.jtis.remember(verified.jkt, verified.jti, nonces.lifeSeconds * 2);
    if (!isFirst) throw new ProblemError('proof_invalid');
    return callerOf(owner, verified.jkt);
  }
}

function callerOf(owner: KeyOwner, jkt: string): Caller {
  return owner.kind === 'agent'
    ? { kind: 'agent', agent: owner.agent, jkt }
    : { kind: 'tool', target: owner.target, jkt };
}

/** Another service of this gate: a JWT by its own key for this service, 30 s. */
@Injectable()
export class ServiceGuard extends CallerGuard {
  override presents(request: CalledRequest): boolean {
    return bearerType(request) === statementTypes.service[0];
  }

  override announce(): void {
    // Nothing: services know what to bring.
  }

  override challenge(): string {
    return bearerChallenge;
  }

  override identify(request: CalledRequest, now: number): Promise<Caller> {
    const { trust, publicUrl } = this.http;
    const verified = verifyServiceToken(trust, bearerOf(request) ?? '', { aud: publicUrl, now });
    if (!verified.ok) throw new ProblemError('token_invalid');
    return Promise.resolve({ kind: 'service', service: verified.service });
  }
}

/**
 * A person with an access token of a listed issuer (RFC 9068). A call that changes something
 * is signed by that person's own key besides: a stolen token may look, and changes nothing.
 */
@Injectable()
export class PersonGuard extends CallerGuard {
  override presents(request: CalledRequest): boolean {
    return bearerOf(request) !== undefined && bearerType(request) !== statementTypes.service[0];
  }

  override announce(): void {
    // Nothing: people bring a token of their provider.
  }

  /** The token is good where only the signature is missing: then the challenge names no error (RFC 6750 section 3.1). */
  override challenge(code: ProblemCode): string {
    return code === 'proof_invalid' ? 'Bearer' : bearerChallenge;
  }

  override async identify(request: CalledRequest, now: number, route: RouteHandler): Promise<Caller> {
    const { publicUrl: url, issuers, callers, keyring } = this.http;
    const audience = { service: keyring.service, url };
    const { iss, sub, clientId } = await verifyPersonToken(bearerOf(request) ?? '', audience, { issuers, now });
    const person = await callers.byIdentity(iss, sub);
    if (person?.spec.state !== 'active') throw new ProblemError('not_eligible', { why: 'not_a_person' });
    if (needsSignedCall(request, route)) await proveCall(this.http, { request, person, use: useOf(route), now });
    return { kind: 'person', person, iss, sub, clientId };
  }
}

/** A route that more than one kind of caller may use. Exactly one credential may come, and its own guard judges it. */
export function AnyOf(...guards: Type<CallerGuard>[]): Type<CanActivate> {
  @Injectable()
  class AnyOfGuard implements CanActivate {
    constructor(private readonly modules: ModuleRef) {}

    async canActivate(context: ExecutionContext): Promise<boolean> {
      const http = context.switchToHttp();
      const candidates = guards.map((guard) => this.modules.get(guard, { strict: false }));
      for (const guard of candidates) guard.announce(http.getResponse<Reply>(), await guard.now());
      const presented = candidates.filter((guard) => guard.presents(http.getRequest<CalledRequest>()));
      const [only] = presented;
      if (only === undefined || presented.length > 1) throw new ProblemError('token_invalid');
      return only.canActivate(context);
    }
  }
  return mixin(AnyOfGuard);
}

function bearerOf(request: CalledRequest): string | undefined {
  const { authorization } = request.headers;
  return typeof authorization === 'string' ? /^Bearer ([\w.~+/=-]+)$/iu.exec(authorization)?.[1] : undefined;
}

/** The `typ` that the token claims: enough to choose a guard, which then verifies everything. */
function bearerType(request: CalledRequest): unknown {
  const token = bearerOf(request);
  return token === undefined ? undefined : openCompact(token)?.header['typ'];
}
