import type { Keyring } from '../keyring.js';
import type { Trust } from '../trust.js';
import type { Callers } from './caller.js';
import { IssuerKeys, type Issuer } from './issuer-keys.js';
import type { JtiStore } from './jti-store.js';
import type { PersonKeys } from './person-keys.js';

/** What the guards of one service work with. */
export interface HttpTrustParts {
  /** The public URL of this service (`SALLYPORT_<SERVICE>_URL`): the audience of tokens, and what `htu` starts with. */
  publicUrl: string;
  trust: Trust;
  /** For the nonces of this service. */
  keyring: Keyring;
  callers: Callers;
  /** Needed by doors with proofs, and by those where people change something. */
  jtis: JtiStore;
  /** Asked by doors where people change something. */
  personKeys: PersonKeys;
  /** The OpenID providers whose people may sign in; empty where no person is expected. */
  issuers: readonly Issuer[];
  /** The database's clock, in milliseconds: no process trusts its own. Throws a retryable fault when it is not known. */
  now: () => number | Promise<number>;
}

/** The parts, ready for use. Provided by `HttpTrustModule`. */
export class HttpTrust {
  readonly publicUrl: string;
  readonly trust: Trust;
  readonly keyring: Keyring;
  readonly callers: Callers;
  readonly jtis: JtiStore;
  readonly personKeys: PersonKeys;
  readonly issuers: IssuerKeys;
  readonly now: () => number | Promise<number>;

  constructor(parts: HttpTrustParts) {
    this.publicUrl = parts.publicUrl.replace(/\/+$/u, '');
    this.trust = parts.trust;
    this.keyring = parts.keyring;
    this.callers = parts.callers;
    this.jtis = parts.jtis;
    this.personKeys = parts.personKeys;
    this.issuers = new IssuerKeys(parts.issuers);
    this.now = parts.now;
  }

  /** The URL that a proof for this request names: without query, never from the Host header. */
  htuOf(requestUrl: string): string {
    const query = requestUrl.indexOf('?');
    return this.publicUrl + (query === -1 ? requestUrl : requestUrl.slice(0, query));
  }
}
