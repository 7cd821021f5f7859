import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as oidc from 'openid-client';
import { Unreachable } from './failures.js';
import type { CliSettings } from './settings.js';
import { livingKey, SessionError, type Session, type SessionFile, type VotingKey } from './session.js';

const signInSeconds = 300;
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

  /** @param tell is given the URL to open, `nonce` commits the sign-in to a key. Throws SessionError or Unreachable. */
  async login(nonce: string, tell: (url: string) => void): Promise<{ subject: string; idToken: string }> {
    const config = await this.discover();
    const door = await openDoor();
    try {
      const verifier = oidc.randomPKCECodeVerifier();
      const state = oidc.randomState();
      tell(await this.authorizationUrl(config, { redirect: door.url, verifier, state, nonce }));
      const checks = {
        pkceCodeVerifier: verifier,
        expectedState: state,
        expectedNonce: nonce,
        maxAge: longestSinceSeconds,
        idTokenExpected: true,
      };
      const resource = this.settings.services.approvals;
      const answer = await oidc.authorizationCodeGrant(config, await door.callback, checks, { resource });
      const subject = answer.claims()?.sub;
      const { id_token: idToken } = answer;
      if (subject === undefined || idToken === undefined) throw new SessionError('the provider sent no ID token');
      this.keep({ issuer: this.settings.issuer, subject, tokens: {} }, resource, answer);
      return { subject, idToken };
    } finally {
      door.close();
    }
  }

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
    if (session?.issuer !== this.settings.issuer)
      throw new SessionError(`nobody is signed in: ${this.file.howToSignIn}`);
    const known = session.tokens[audience];
    if (known !== undefined && known.expires_at > Date.now() / 1_000 + earlySeconds) return known.token;
    if (session.refresh_token === undefined) throw this.over();
    const config = await this.discover();
    try {
      const answer = await oidc.refreshTokenGrant(config, session.refresh_token, { resource: audience });
      this.keep(session, audience, answer);
      return answer.access_token;
    } catch (error) {
      if (error instanceof oidc.ResponseBodyError) throw this.over();
      throw this.silent(error);
    }
  }

  private over(): SessionError {
    return new SessionError(`the session is over: ${this.file.howToSignIn}`);
  }

  private silent(cause: unknown): Unreachable {
    const { issuer } = this.settings;
    return new Unreachable(`the identity provider does not answer at ${issuer}: is it running?`, { cause });
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

  private async discover(): Promise<oidc.Configuration> {
    const { issuer, client_id } = this.settings;
    // Plain HTTP is for a provider on this machine only.
    const isLoopback = /^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\])(?::|\/|$)/u.test(issuer);
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so only to make people think; a demo on loopback has no TLS
    const options = isLoopback ? { execute: [oidc.allowInsecureRequests] } : {};
    try {
      return await oidc.discovery(new URL(issuer), client_id, undefined, oidc.None(), options);
    } catch (error) {
      throw this.silent(error);
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
    for (const service of Object.values(this.settings.services)) parameters.append('resource', service);
    return oidc.buildAuthorizationUrl(config, parameters).href;
  }
}

interface Attempt {
  redirect: string;
  verifier: string;
  state: string;
  nonce: string;
}

interface Door {
  url: string;
  callback: Promise<URL>;
  close: () => void;
}

/** A server on a free loopback port that takes one answer of the provider. */
async function openDoor(): Promise<Door> {
  const { promise, resolve, reject } = Promise.withResolvers<URL>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', `http://${String(request.headers.host)}`);
    const isAnswer = url.pathname === '/callback';
    response.writeHead(isAnswer ? 200 : 404, {
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
    });
    response.end(isAnswer ? 'You can close this page and go back to the terminal.\n' : '');
    if (isAnswer) resolve(url);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const late = setTimeout(() => { reject(new SessionError('nobody signed in within five minutes')); }, signInSeconds * 1_000); // prettier-ignore
  const { port } = server.address() as AddressInfo;
  const close = (): void => {
    clearTimeout(late);
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${String(port)}/callback`, callback: promise, close };
}
