import { SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { callHeader, personKeyHeader, ProblemError, type Known } from '#contracts';
import { callSeconds, verifyCall } from '../person-call.js';
import type { CalledRequest } from './caller.js';
import type { HttpTrust } from './http-trust.js';
import type { KeyUse } from './person-keys.js';

const marks = { proven: 'sallyport.proven-in-body', stops: 'sallyport.only-stops' };

/** On a route whose body is the person's own signature already: a vote, or a sign-in that commits to a key. It needs no second one. */
export const ProvenInBody = (): MethodDecorator => SetMetadata(marks.proven, true);

/** On a route that only keeps something from happening: it does not wait for a credentials service that is away. */
export const OnlyStops = (): MethodDecorator => SetMetadata(marks.stops, true);

const reflector = new Reflector();

/** Whether this call changes something and does not prove itself: then its person's key must have signed it. */
export function needsSignedCall({ method }: CalledRequest, route: RouteHandler): boolean {
  const changesNothing = method === 'GET' || method === 'HEAD';
  return !changesNothing && !isMarked(marks.proven, route);
}

export const useOf = (route: RouteHandler): KeyUse => (isMarked(marks.stops, route) ? 'stop' : 'change');

const isMarked = (mark: string, route: RouteHandler): boolean => reflector.get<true | undefined>(mark, route) === true;

export type RouteHandler = Parameters<Reflector['get']>[1];

interface CallToProve {
  request: CalledRequest;
  person: Known<'people'>;
  use: KeyUse;
  now: number;
}

/**
 * The call is the person's own, and is made for the first time. Throws ProblemError `proof_invalid`, whose detail says
 * what to do, or a retryable fault when the key or what was made before cannot be looked up.
 */
export async function proveCall(http: HttpTrust, { request, person, use, now }: CallToProve): Promise<void> {
  const { identities } = person.spec;
  const signed = { call: one(request, callHeader), statement: one(request, personKeyHeader) };
  const { method, rawBody: body } = request;
  const ifMatch = request.headers['if-match'] === undefined ? undefined : one(request, 'if-match');
  const call = { method, url: http.publicUrl + request.url, body, ifMatch };
  const verified = verifyCall(http.trust, signed, { call, identities, now });
  if (!verified.ok) throw new ProblemError('proof_invalid', { detail: verified.why });
  const { thumbprint } = verified.key;
  if (!(await http.personKeys.isLive(thumbprint, use))) throw refused('the key was ended: sign in again');
  if (!(await http.jtis.remember(thumbprint, verified.jti, callSeconds))) throw refused('this call was made before');
}

const refused = (detail: string): ProblemError => new ProblemError('proof_invalid', { detail });

/** A header that comes twice is none. */
function one({ headers }: CalledRequest, name: string): string {
  const value = headers[name];
  return typeof value === 'string' ? value : '';
}
