import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import type { Issuer } from '#trust/http';

/** An identity provider that signs whatever a spec asks for: its keys are served over HTTP, as a real one's. */
export class TestIssuer {
  private constructor(
    private readonly server: Server,
    private readonly key: CryptoKey,
    readonly issuer: string,
  ) {}

  static async start(): Promise<TestIssuer> {
    const { publicKey, privateKey } = await generateKeyPair('ES256');
    const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', use: 'sig', alg: 'ES256' }] });
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(jwks);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return new TestIssuer(server, privateKey, `http://127.0.0.1:${String(port)}`);
  }

  /** As in SALLYPORT_OIDC_ISSUERS. */
  get setting(): string {
    return JSON.stringify([
      { issuer: this.issuer, jwks_uri: `${this.issuer}/jwks`, clients: ['cli'], native_clients: ['cli'] },
    ]);
  }

  /** As in the parts of `HttpTrust`. */
  get listed(): Issuer {
    return { issuer: this.issuer, jwksUri: `${this.issuer}/jwks`, clients: ['cli'], nativeClients: ['cli'] };
  }

  /** Whatever a spec wants this provider to say. */
  sign(claims: Record<string, unknown>, header: { typ?: string } = {}): Promise<string> {
    const iat = Math.floor(Date.now() / 1_000);
    return new SignJWT({ iss: this.issuer, iat, exp: iat + 300, jti: randomUUID(), ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'k1', ...header })
      .sign(this.key);
  }

  /** An access token (RFC 9068) of a person for one service. */
  token(sub: string, aud: string, claims: Record<string, unknown> = {}): Promise<string> {
    return this.sign({ client_id: 'cli', sub, aud, ...claims }, { typ: 'at+jwt' });
  }

  /** An ID token as a native client gets it: committed to a key by its nonce. */
  idToken(sub: string, nonce: string, claims: Record<string, unknown> = {}): Promise<string> {
    const auth_time = Math.floor(Date.now() / 1_000);
    return this.sign({ sub, aud: 'cli', nonce, auth_time, sid: `session-of-${sub}`, ...claims });
  }

  /** What this provider sends when a session is over. */
  logoutToken(who: { sub?: string; sid?: string }, claims: Record<string, unknown> = {}, typ = 'logout+jwt'): Promise<string> {
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
    return this.sign({ aud: 'cli', events, ...who, ...claims }, { typ });
  } // prettier-ignore

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
}
