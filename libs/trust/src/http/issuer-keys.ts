import { createRemoteJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import { ProblemError } from '#contracts';

/** One OpenID provider that people sign in with. */
export interface Issuer {
  /** Exactly as in `iss`. */
  issuer: string;
  /** Where its keys are; read from its discovery document when absent. */
  jwksUri?: string;
  /** The interactive clients whose tokens are people's. A token of any other client is refused. */
  clients: readonly string[];
  /** Those of them that run on the person's own machine and take the answer on its loopback (RFC 8252): only their sign-ins may commit to a person's key. */
  nativeClients?: readonly string[];
  /** By service: what its tokens name it as, where that is not its public URL. */
  audiences?: Readonly<Partial<Record<string, string>>>;
  /** The claim that names a person, where it is not `sub`. */
  subjectClaim?: string;
}

const timeoutMs = 3_000;
const retryAfterSeconds = 5;

/** The signature keys of listed issuers, fetched when needed and cached. */
export class IssuerKeys {
  readonly #issuers: ReadonlyMap<string, Issuer>;
  readonly #keys = new Map<string, Promise<JWTVerifyGetKey>>();

  constructor(issuers: readonly Issuer[]) {
    this.#issuers = new Map(issuers.map((issuer) => [issuer.issuer, issuer]));
  }

  get(iss: string): Issuer | undefined {
    return this.#issuers.get(iss);
  }

  /** Answers 503 when the provider does not answer: an outage is never a verdict about a token. */
  async keysOf(issuer: Issuer): Promise<JWTVerifyGetKey> {
    const known = this.#keys.get(issuer.issuer);
    if (known !== undefined) return known;
    const found = findKeys(issuer);
    this.#keys.set(issuer.issuer, found);
    try {
      return await found;
    } catch (error) {
      this.#keys.delete(issuer.issuer);
      throw error;
    }
  }
}

async function findKeys(issuer: Issuer): Promise<JWTVerifyGetKey> {
  const uri = issuer.jwksUri ?? (await discover(issuer.issuer));
  return createRemoteJWKSet(new URL(uri), {
    timeoutDuration: timeoutMs,
    cooldownDuration: 5_000,
    cacheMaxAge: 600_000,
  });
}

/** OpenID Connect Discovery 1.0 section 4: the document must be about the issuer that was asked for. */
async function discover(issuer: string): Promise<string> {
  const url = `${issuer.replace(/\/$/u, '')}/.well-known/openid-configuration`;
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), redirect: 'error' });
    const document = (await answer.json()) as Record<string, unknown>;
    const { jwks_uri } = document;
    if (answer.ok && document['issuer'] === issuer && typeof jwks_uri === 'string') return jwks_uri;
  } catch {
    // Unreachable, slow or not JSON: the same to the caller.
  }
  throw unavailable();
}

export function unavailable(): ProblemError {
  return new ProblemError('dependency_unavailable', { retryAfterSeconds });
}

/** True when the keys could not be had, as opposed to a token that does not verify with them. */
export function isKeyOutage(error: unknown): boolean {
  if (!(error instanceof errors.JOSEError)) return true;
  return (
    error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid || error.code === 'ERR_JOSE_GENERIC'
  );
}
