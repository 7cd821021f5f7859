import { ProblemError } from '#contracts';
import type { CalledRequest } from '#trust/http';
import { createParamDecorator, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Provider } from './core/scim/provider.js';
import { ScimError } from './core/scim/scim-error.js';
import { ScimProviders } from './io/scim-providers.js';

export interface ScimRequest extends CalledRequest {
  scimProvider?: Provider;
}

interface Reply {
  header(name: string, value: string): unknown;
}

/** The bearer token of one identity provider. No token of a person, an agent, a tool or a service is one. */
@Injectable()
export class ScimGuard implements CanActivate {
  constructor(private readonly providers: ScimProviders) {}

  canActivate(context: ExecutionContext): boolean {
    // Where no provider is named there is no such door.
    if (this.providers.isEmpty) throw new ProblemError('not_found');
    const http = context.switchToHttp();
    const request = http.getRequest<ScimRequest>();
    const provider = this.providers.holderOf(bearerOf(request.headers.authorization));
    if (provider === undefined) {
      http.getResponse<Reply>().header('WWW-Authenticate', 'Bearer error="invalid_token"');
      throw new ScimError({ status: 401, detail: 'the bearer token is not that of an identity provider' });
    }
    request.scimProvider = provider;
    return true;
  }
}

function bearerOf(authorization: string | string[] | undefined): string {
  return typeof authorization === 'string' ? (/^Bearer ([\w.~+/=-]+)$/iu.exec(authorization)?.[1] ?? '') : '';
}

/** The provider that the guard has proven. */
export const Calling = createParamDecorator((_: unknown, context: ExecutionContext): Provider => {
  const { scimProvider } = context.switchToHttp().getRequest<ScimRequest>();
  if (scimProvider === undefined) throw new TypeError('a route that asks for its provider needs the guard');
  return scimProvider;
});
