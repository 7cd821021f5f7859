import { KeyObject } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { lookupBody, topics, type JudgementBody, type RegistryKind, type SpecOf, type Verdict } from '#contracts';
import { newId } from '#platform';
import { gateId, signVerdict, type Action, type World } from '../../apps/credentials/src/core/evidence.fixture.js';

/** The client whose tokens are people's. */
export const client = 'sallyport-cli';

/** Who says what is on a topic of the services before this one. */
export const sources: Record<string, string> = {
  [topics.decisions]: 'policy',
  [topics.approvals]: 'approvals',
  [topics.registry]: 'registry',
};

interface Answered {
  status: number;
  body: unknown;
}

/** Registry, policy and identity provider in one small server, with the keys of the gate: what it says is signed as theirs would be. */
export class Peers {
  /** What policy answers to a redeem; undefined = it does not answer. */
  judge: ((action: Action) => Verdict) | undefined;
  isRegistryDown = false;
  readonly actions = new Map<string, Action>();
  private readonly current = new Map<string, string>();
  private readonly versions = new Map<string, string>();
  private readonly latest = new Map<string, number>();
  private readonly server = createServer();

  private constructor(
    private readonly world: World,
    private readonly personKey: CryptoKey,
    private readonly personJwk: object,
  ) {}

  static async start(world: World): Promise<Peers> {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const jwk = { ...(await exportJWK(publicKey)), kid: 'people', alg: 'ES256', use: 'sig' };
    const peers = new Peers(world, privateKey, jwk);
    peers.server.on('request', (request, response) => {
      void peers.answer(request).then(({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
    });
    await new Promise<void>((done) => peers.server.listen(0, '127.0.0.1', done));
    return peers;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.server.address() as AddressInfo).port)}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  /** A new version of an entry, which the registry answers from now on. */
  register<K extends RegistryKind>(kind: K, id: string, spec: SpecOf<K>): { version: number; entry: string } {
    const key = `${kind}:${id}`;
    const version = (this.latest.get(key) ?? 0) + 1;
    const entry = this.world.keyring('registry').sign('registry', {
      gate: gateId, kind, id, version, deleted: false, spec, changed_by: 'rita', changed_at: new Date().toISOString(),
    }); // prettier-ignore
    this.latest.set(key, version);
    this.current.set(key, entry);
    this.versions.set(`${key}:${String(version)}`, entry);
    return { version, entry };
  }

  /** The newest version of an entry. */
  versionOf(kind: RegistryKind, id: string): number {
    return this.latest.get(`${kind}:${id}`) ?? 0;
  }

  /** The provider's own key, for what no provider writes. */
  get signsWith(): KeyObject {
    return KeyObject.from(this.personKey);
  }

  /** An access token of a person for one service. */
  tokenFor(sub: string, audience: string): Promise<string> {
    return new SignJWT({ client_id: client })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'people' })
      .setIssuer(this.url).setSubject(sub).setAudience(audience).setIssuedAt().setExpirationTime('5m').setJti(newId())
      .sign(this.personKey); // prettier-ignore
  }

  /** An ID token as a native client gets it. */
  idTokenFor(sub: string, nonce: string, claims: Record<string, unknown> = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1_000);
    return new SignJWT({ aud: client, nonce, auth_time: now, sid: `s-${sub}`, iat: now, exp: now + 300, iss: this.url, sub, ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'people' })
      .sign(this.personKey);
  } // prettier-ignore

  /** What the provider sends when a session is over. */
  logoutTokenFor(who: { sub?: string; sid?: string }, claims: Record<string, unknown> = {}): Promise<string> {
    const iat = Math.floor(Date.now() / 1_000);
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
    return new SignJWT({ aud: client, iss: this.url, iat, exp: iat + 120, jti: newId(), events, ...who, ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'people', typ: 'logout+jwt' })
      .sign(this.personKey);
  }

  private async answer(request: IncomingMessage): Promise<Answered> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    if (request.url === '/jwks') return { status: 200, body: { keys: [this.personJwk] } };
    if (request.url === '/v1/lookup') return this.lookup(text);
    if (request.url === '/v1/caps') return this.caps();
    return request.url === '/v1/judgements' ? this.judgement(text) : { status: 404, body: {} };
  }

  private lookup(text: string): Answered {
    if (this.isRegistryDown) return { status: 503, body: {} };
    const asked = lookupBody.parse(JSON.parse(text));
    const entries = asked.entries.map(({ kind, id, version }) => {
      const key = `${kind}:${id}`;
      return (version === undefined ? this.current.get(key) : this.versions.get(`${key}:${String(version)}`)) ?? null;
    });
    return { status: 200, body: { entries, kids: asked.kids.map(() => null) } };
  }

  /** Nothing while policy does not answer. */
  private caps(): Answered {
    return this.judge === undefined ? { status: 503, body: {} } : { status: 200, body: { ttl_seconds: 900, uses: 1 } };
  }

  private judgement(text: string): Answered {
    const { evidence, purpose } = JSON.parse(text) as JudgementBody;
    const action = [...this.actions.values()].find(({ request }) => request.signature === evidence.signature);
    if (this.judge === undefined || action === undefined) return { status: 503, body: {} };
    const verdict = signVerdict(this.world, { ...this.judge(action), purpose });
    return { status: 200, body: { verdict, facts: {} } };
  }
}
