import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';

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

  /** An access token (RFC 9068) of a person for one service. */
  async token(sub: string, aud: string, claims: Record<string, unknown> = {}): Promise<string> {
    return new SignJWT({ client_id: 'cli', ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'k1', typ: 'at+jwt' })
      .setIssuer(this.issuer)
      .setSubject(sub)
      .setAudience(aud)
      .setJti(randomUUID())
      .setIssuedAt()
      .setExpirationTime('5 min')
      .sign(this.key);
  }

  /** An ID token as a native client gets it: committed to a key by its nonce. */
  async idToken(sub: string, nonce: string, claims: Record<string, unknown> = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1_000);
    const jwt = new SignJWT({ nonce, auth_time: now, sid: `session-of-${sub}`, iat: now, ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
      .setIssuer(this.issuer)
      .setSubject(sub)
      .setExpirationTime('5 min');
    return (claims['aud'] === undefined ? jwt.setAudience('cli') : jwt).sign(this.key);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
}
