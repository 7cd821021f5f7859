import { Controller, Get, Header } from '@nestjs/common';
import type { PublicJwk } from '../jwk.js';
import { HttpTrust } from './http-trust.js';

/** The public keys of this service, for outsiders. One of the few routes without a caller. */
@Controller('.well-known/jwks.json')
export class JwksController {
  constructor(private readonly http: HttpTrust) {}

  @Get()
  @Header('cache-control', 'public, max-age=300')
  keys(): { keys: PublicJwk[] } {
    return this.http.trust.jwks(this.http.keyring.service);
  }
}
