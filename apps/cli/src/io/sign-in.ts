import * as oidc from 'openid-client';
import { Unreachable } from './failures.js';
import { openDoor } from './loopback-door.js';
import { SettingsMissing, type CliSettings, type SignInProvider } from './settings.js';
import { livingKey, SessionError, type Session, type SessionFile, type VotingKey } from './session.js';

const earlySeconds = 10;
/** A voting key lives eight hours from the moment the person was authenticated: an older sign-in would leave little of them. */
const longestSinceSeconds = 3_600;

/**
 * OpenID Connect with PKCE and a loopback redirect (RFC 8252). The browser may be anywhere that reaches this machine's loopback; the
 * URL is printed and nothing is opened by itself.
 */
export class SignIn {
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly settings: CliSettings,
    private readonly file: SessionFile,
  ) {}

  /**
   * @param tell is given the URL to open, `nonce` commits the sign-in to a key, `issuer` is one of several providers, else the first.
   * Throws SessionError, SettingsMissing or Unreachable.
   */
  async login(nonce: string, tell: (url: string) => void, issuer = this.settings.issuer): Promise<SignedIn> {
    const by = this.providerOf(issuer);
    if (by === undefined) throw new SettingsMissing(`${issuer} is none of: ${this.providers.map((one) => one.issuer).join(', ')}`);
    const config = await this.discover(by);
    const door = await openDoor();
    try {
      const verifier = oidc.randomPKCECodeVerifier();
      const state = oidc.randomState();
      tell(await this.authorizationUrl(config, { by, redirect: door.url, verifier, state, nonce }));
      const checks = {
        pkceCodeVerifier: verifier,
        expectedState: state,
        expectedNonce: nonce,
        maxAge: longestSinceSeconds,
        idTokenExpected: true,
      };
      const resource = this.resourceOf(by, this.settings.services.approvals);
      const answer = await answeredBy(by, oidc.authorizationCodeGrant(config, await door.callback, checks, { resource }));
      const subject = answer.claims()?.sub;
      const { id_token: idToken } = answer;
      if (subject === undefined || idToken === undefined) throw new SessionError('the provider sent no ID token');
      this.keep({ issuer, subject, tokens: {} }, this.settings.services.approvals, answer);
      return { subject, idToken };
    } finally {
      door.close();
    }
  } // prettier-ignore

  /**
   * An access token for this service and no other. Throws SessionError when nobody is signed in any more. One at a time: a
   * refresh token is good once, and a second use of it ends the session.
   */
  tokenFor(audience: string): Promise<string> {
    const token = this.turn.then(() => this.freshToken(audience));
    this.turn = token.catch(() => undefined);
    return token;
  }

  /** What signs the calls of the signed-in person. Throws SessionError. */
  key(): VotingKey {
    return livingKey(this.file);
  }

  private async freshToken(audience: string): Promise<string> {
    const session = this.file.read();
    const by = session && this.providerOf(session.issuer);
    if (session === undefined || by === undefined) throw new SessionError(`nobody is signed in: ${this.file.howToSignIn}`);
    const known = session.tokens[audience];
    if (known !== undefined && known.expires_at > Date.now() / 1_000 + earlySeconds) return known.token;
    if (session.refresh_token === undefined) throw this.over();
    const config = await this.discover(by);
    try {
      const resource = this.resourceOf(by, audience);
      const answer = await oidc.refreshTokenGrant(config, session.refresh_token, { resource });
      this.keep(session, audience, answer);
      return answer.access_token;
    } catch (error) {
      if (error instanceof oidc.ResponseBodyError) throw this.over();
      throw silent(by, error);
    }
  } // prettier-ignore

  private over(): SessionError {
    return new SessionError(`the session is over: ${this.file.howToSignIn}`);
  }

  private keep(session: Session, audience: string, answer: oidc.TokenEndpointResponse): void {
    const expires_at = Math.floor(Date.now() / 1_000) + (answer.expires_in ?? 60);
    const refresh_token = answer.refresh_token ?? session.refresh_token;
    this.file.write({
      ...session,
      ...(refresh_token === undefined ? {} : { refresh_token }),
      tokens: { ...session.tokens, [audience]: { token: answer.access_token, expires_at } },
    });
  }

  private get providers(): SignInProvider[] {
    return [this.settings, ...this.settings.other_issuers];
  }

  private providerOf(issuer: string): SignInProvider | undefined {
    return this.providers.find((one) => one.issuer === issuer);
  }

  /** What the provider knows the service at this address as. */
  private resourceOf({ audiences = {} }: SignInProvider, address: string): string {
    const { services } = this.settings;
    const [name] = (Object.keys(services) as (keyof typeof services)[]).filter((one) => services[one] === address);
    return (name && audiences[name]) ?? address;
  }

  private async discover(by: SignInProvider): Promise<oidc.Configuration> {
    const { issuer, client_id } = by;
    // Plain HTTP is for a provider on this machine only.
    const isLoopback = /^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\])(?::|\/|$)/u.test(issuer);
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so only to make people think; a demo on loopback has no TLS
    const options = isLoopback ? { execute: [oidc.allowInsecureRequests] } : {};
    try {
      return await oidc.discovery(new URL(issuer), client_id, undefined, oidc.None(), options);
    } catch (error) {
      throw silent(by, error);
    }
  }

  private async authorizationUrl(config: oidc.Configuration, by: Attempt): Promise<string> {
    const parameters = new URLSearchParams({
      redirect_uri: by.redirect,
      scope: 'openid offline_access',
      prompt: 'consent',
      code_challenge: await oidc.calculatePKCECodeChallenge(by.verifier),
      code_challenge_method: 'S256',
      state: by.state,
      nonce: by.nonce,
      // So that the provider says when this person was authenticated (OpenID Connect Core 1.0 section 3.1.2.1).
      max_age: String(longestSinceSeconds),
    });
    if (config.serverMetadata()['claims_parameter_supported'] === true) {
      parameters.set('claims', JSON.stringify({ id_token: { sid: null } }));
    }
    for (const address of Object.values(this.settings.services)) {
      parameters.append('resource', this.resourceOf(by.by, address));
    }
    return oidc.buildAuthorizationUrl(config, parameters).href;
  }
}

const silent = ({ issuer }: SignInProvider, cause: unknown): Unreachable =>
  new Unreachable(`the identity provider does not answer at ${issuer}: is it running?`, { cause });

/** What comes back is this provider's own answer (`iss`, RFC 9207) to this very sign-in, or nothing is kept of it. */
async function answeredBy<T>(by: SignInProvider, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof oidc.ClientError) || error.code === 'OAUTH_TIMEOUT') throw error;
    throw new SessionError(`what came back is no answer of ${by.issuer} to this sign-in; nothing was kept`, { cause: error });
  }
} // prettier-ignore

interface SignedIn {
  subject: string;
  idToken: string;
}

interface Attempt {
  by: SignInProvider;
  redirect: string;
  verifier: string;
  state: string;
  nonce: string;
}
