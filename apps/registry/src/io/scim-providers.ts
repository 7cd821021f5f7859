import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Fault } from '#platform';
import type { Provider } from '../core/scim/provider.js';

/** As the settings name them, each with the file that holds its token. */
export interface NamedProvider extends Provider {
  tokenFile: string;
}

interface Surroundings {
  mode: 'demo' | 'production';
  /** Issuers whose people may sign in. */
  issuers: readonly string[];
}

/** As long as 32 bytes in base64url without its padding, less one: what a generator makes is longer. */
const tokenShape = /^[\w.~+/=-]{40,512}$/u;
/** Tokens for trying it out. */
const demoToken = /^demo/iu;

const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/** The identity providers that may push, each by its own bearer token. Of the tokens only digests are kept. */
export class ScimProviders {
  readonly #known: readonly { provider: Provider; digest: Buffer }[];

  private constructor(known: readonly { provider: Provider; digest: Buffer }[]) {
    this.#known = known;
  }

  /** Reads the token files once. Throws a Fault `settings_invalid` that names the provider and never a token. */
  static read(named: readonly NamedProvider[], surroundings: Surroundings): ScimProviders {
    const known = named.flatMap(({ tokenFile, ...provider }) => {
      if (!surroundings.issuers.includes(provider.issuer))
        throw wrong(provider, 'its issuer is not in SALLYPORT_OIDC_ISSUERS');
      return tokensIn(tokenFile, provider, surroundings).map((token) => ({ provider, digest: digestOf(token) }));
    });
    const digests = known.map(({ digest }) => digest.toString('hex'));
    const twice = known.find((_, i) => digests.indexOf(digests[i] ?? '') !== i);
    if (twice !== undefined) throw wrong(twice.provider, 'its token occurs twice');
    return new ScimProviders(known);
  }

  get isEmpty(): boolean {
    return this.#known.length === 0;
  }

  /** Whose token it is. Every known one is compared, each in constant time: how long it takes says nothing. */
  holderOf(token: string): Provider | undefined {
    const digest = digestOf(token);
    const found = this.#known.filter((one) => timingSafeEqual(one.digest, digest));
    return found[0]?.provider;
  }
}

/** One token, or two while one takes the place of the other, each on its own line. */
function tokensIn(path: string, provider: Provider, { mode }: Surroundings): string[] {
  const tokens = textOf(path, provider).split(/\r?\n/u).map((line) => line.trim()).filter((line) => line !== ''); // prettier-ignore
  if (tokens.length < 1 || tokens.length > 2)
    throw wrong(provider, 'its token file holds one token, or two, a line each');
  if (!tokens.every((token) => tokenShape.test(token)))
    throw wrong(provider, 'a token has 40 to 512 characters of A-Z a-z 0-9 . _ ~ + / = -');
  if (mode !== 'demo' && tokens.some((token) => demoToken.test(token)))
    throw wrong(provider, 'its token begins with "demo": accepted in demo mode only');
  return tokens;
}

function textOf(path: string, provider: Provider): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw wrong(provider, 'its token file cannot be read');
  }
}

const wrong = ({ name }: Provider, why: string): Fault =>
  new Fault('settings_invalid', { retryable: false, message: `SALLYPORT_REGISTRY_SCIM_PROVIDERS: ${name}: ${why}` });
