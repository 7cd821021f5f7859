import { Injectable } from '@nestjs/common';
import type { Issuing } from '../../core/lease.js';
import type { Capabilities, Issuer } from './issuer.js';
import { postgresRoleCapabilities, PostgresRoleIssuer } from './postgres-role.issuer.js';
import { tokenCapabilities, TokenIssuer } from './token.issuer.js';

/** For `docs/issuers.md`. */
export const capabilitiesOf = {
  token: tokenCapabilities,
  'postgres-role': postgresRoleCapabilities,
} as const satisfies Record<Issuing, Capabilities>;

/** The issuer for each kind of credential. */
@Injectable()
export class Issuers {
  constructor(
    private readonly tokens: TokenIssuer,
    readonly roles: PostgresRoleIssuer,
  ) {}

  of(kind: Issuing): Issuer {
    return kind === 'token' ? this.tokens : this.roles;
  }
}
