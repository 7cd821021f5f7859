import { Injectable } from '@nestjs/common';
import type { Issuing } from '../../core/lease.js';
import type { Issuer } from './issuer.js';
import { PostgresRoleIssuer } from './postgres-role.issuer.js';
import { TokenIssuer } from './token.issuer.js';

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
