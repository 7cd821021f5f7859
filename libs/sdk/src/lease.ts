import { leaseBundle, type BrokeredResult, type Credential, type LeaseBundle } from '#contracts';
import { decrypt, makeProof, type PrivateJwk, type SigningKey, type Trust } from '#trust';
import { GateError } from './gate-error.js';
import type { Ticket } from './request.js';

export type { BrokeredResult, Credential } from '#contracts';

/** A credential in hand, or the result of what the gate did itself. It holds a secret: keep it in memory, never in a log. */
export class Lease {
  readonly leaseId: string;
  readonly expiresAt: string;
  /** In mode `brokered`: what came of the statement. There is no credential then. */
  readonly result: BrokeredResult | undefined;
  readonly #credential: Credential | undefined;
  readonly #key: SigningKey;
  readonly #complete: () => Promise<void>;

  constructor(bundle: LeaseBundle, key: SigningKey, complete: () => Promise<void>) {
    this.leaseId = bundle.lease_id;
    this.expiresAt = bundle.expires_at;
    this.result = 'result' in bundle ? bundle.result : undefined;
    this.#credential = 'credential' in bundle ? bundle.credential : undefined;
    this.#key = key;
    this.#complete = complete;
  }

  /** Throws a TypeError where the gate ran the statement itself: look at `result`. */
  get credential(): Credential {
    if (this.#credential === undefined) throw new TypeError('this lease holds a result and no credential');
    return this.#credential;
  }

  /** Gives it back before its time. May be called again. */
  complete(): Promise<void> {
    return this.#complete();
  }

  /** The headers of one call to the tool: the token, and the proof that it is yours (RFC 9449 section 7.1). Only for action tokens. */
  authorize(method: string, url: string): { authorization: string; dpop: string } {
    const { credential } = this;
    if (credential.kind !== 'token') throw new TypeError('this lease holds no token');
    const { origin, pathname } = new URL(url);
    const input = { key: this.#key, htm: method, htu: origin + pathname, accessToken: credential.token };
    return { authorization: `DPoP ${credential.token}`, dpop: makeProof(input) };
  }

  /** A log line with a lease in it must not carry the secret. */
  toJSON(): object {
    return { leaseId: this.leaseId, expiresAt: this.expiresAt, kind: (this.#credential ?? this.result)?.kind };
  }
}

export interface Delivery {
  jwe: string;
  leaseId: string;
  ticket: Ticket;
  agentId: string;
  encryptionKey: PrivateJwk;
  trust: Trust;
}

/**
 * Opens what redeem answered. Throws GateError `not_trusted` unless the gate's credentials service signed exactly this lease, of this
 * action, for this agent: somebody else's server could otherwise hand out a credential for somebody else's database.
 */
export async function openDelivery({
  jwe,
  leaseId,
  ticket,
  agentId,
  encryptionKey,
  trust,
}: Delivery): Promise<LeaseBundle> {
  const opened = await decrypt(encryptionKey, jwe);
  if (!opened.ok) throw new GateError('not_trusted', 'the delivery does not open with this key');
  const verified = trust.verify(opened.jws, { purpose: 'lease', service: 'credentials', schema: leaseBundle });
  if (!verified.ok) throw new GateError('not_trusted', 'the lease is not signed by the gate');
  const { payload } = verified;
  const isMine =
    payload.lease_id === leaseId &&
    payload.agent_id === agentId &&
    payload.action_id === ticket.actionId &&
    payload.action_digest === ticket.actionDigest;
  if (!isMine || opened.header.lease_id !== leaseId || opened.header.action_digest !== ticket.actionDigest) {
    throw new GateError('not_trusted', 'the lease is for something else');
  }
  return payload;
}
