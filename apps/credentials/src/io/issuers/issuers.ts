import { Injectable } from '@nestjs/common';
import type { Issuing } from '../../core/lease.js';
import type { BrokeringIssuer, Capabilities, Issuer, ListingIssuer } from './issuer.js';
import { postgresRoleCapabilities, PostgresRoleIssuer } from './postgres-role.issuer.js';
import { postgresBrokeredCapabilities, PostgresBrokeredIssuer } from './postgres-brokered.issuer.js';
import { tokenCapabilities, TokenIssuer } from './token.issuer.js';

/** For `docs/issuers.md`. */
export const capabilitiesOf = {
  token: tokenCapabilities,
  'postgres-role': postgresRoleCapabilities,
  'postgres-brokered': postgresBrokeredCapabilities,
} as const satisfies Record<Issuing, Capabilities>;

/** The issuer for each kind of credential. */
@Injectable()
export class Issuers {
  readonly #all: Record<Issuing, Issuer>;

  constructor(
    tokens: TokenIssuer,
    readonly roles: PostgresRoleIssuer,
    brokered: PostgresBrokeredIssuer,
  ) {
    this.#all = { token: tokens, 'postgres-role': roles, 'postgres-brokered': brokered };
  }

  of(kind: Issuing): Issuer {
    return this.#all[kind];
  }
}

export const isBrokering = (issuer: Issuer): issuer is BrokeringIssuer => 'executed' in issuer;

export const isListing = (issuer: Issuer): issuer is ListingIssuer => 'listOurs' in issuer;
