import { SignJWT } from 'jose';
import type { ServiceName } from '#platform';
import { makeProof, signingKey, type PrivateJwk } from '#trust';
import type { RunningGate, TestAgent } from './running-gate.js';

/** Everything that an agent can lay hands on and hold up to a door. */
export const credentialNames = [
  'nothing',
  'its own proof',
  'its own proof beside a bearer',
  'a proof by its encryption key',
  'a proof for another door',
  'its action token as a bearer',
  'its action token with a proof',
  'its signed request as a bearer',
  'a service’s token by its own key',
  'a person’s token by its own key',
  'a person’s token without a signature',
  'its identity provider’s token for itself',
  'its identity provider’s token for its own client',
  'a token with which it acts for a person',
  'a person’s token for its tool',
  'a proof by its tool',
] as const;
export type CredentialName = (typeof credentialNames)[number];

/** One call, before anybody has said who makes it. */
export interface Knock {
  service: ServiceName;
  method: string;
  /** Without query. */
  url: string;
  body?: string | undefined;
  /** What the service asked the next proof to carry. */
  nonce?: string | undefined;
}

export interface Held {
  gate: RunningGate;
  agent: TestAgent;
  /** Of an action token that was released to it. */
  token: string;
  signedRequest: string;
  /** The name of a service's own key, as its JWKS shows it. */
  serviceKid: string;
  /** A person who may decide. */
  person: string;
}

type Headers = Record<string, string>;
const bearer = (token: string): Headers => ({ authorization: `Bearer ${token}` });

/** Makes the headers with which an agent tries its luck. */
export class AgentCredentials {
  constructor(private readonly held: Held) {}

  headers(name: CredentialName, knock: Knock): Headers | Promise<Headers> {
    return this.#makers[name](knock);
  }

  readonly #makers: Record<CredentialName, (knock: Knock) => Headers | Promise<Headers>> = {
    nothing: () => ({}),
    'its own proof': (knock) => this.#proof(knock),
    'its own proof beside a bearer': (knock) => ({ ...this.#proof(knock), ...bearer(this.held.token) }),
    'a proof by its encryption key': (knock) => this.#proof(knock, { key: this.held.agent.encryption }),
    'a proof for another door': (knock) => this.#proof({ ...knock, url: `${knock.url}/another` }),
    'its action token as a bearer': () => bearer(this.held.token),
    'its action token with a proof': (knock) => ({
      ...this.#proof(knock, { accessToken: this.held.token }),
      authorization: `DPoP ${this.held.token}`,
    }),
    'its signed request as a bearer': () => bearer(this.held.signedRequest),
    'a service’s token by its own key': (knock) => this.#asService(knock),
    'a person’s token by its own key': (knock) => this.#asPerson(knock),
    'a person’s token without a signature': (knock) => this.#unsigned(knock),
    'its identity provider’s token for itself': (knock) => this.#issued(this.held.agent.id, knock),
    'its identity provider’s token for its own client': (knock) =>
      this.#issued(this.held.person, knock, { client_id: this.held.agent.id }),
    'a token with which it acts for a person': (knock) =>
      this.#issued(this.held.person, knock, { act: { sub: this.held.agent.id } }),
    'a person’s token for its tool': async () =>
      bearer(await this.held.gate.issuer.token(this.held.person, this.held.gate.toolUrl)),
    'a proof by its tool': (knock) => this.#proof(knock, { key: this.held.gate.toolKey }),
  };

  #proof(
    { method, url, body, nonce }: Knock,
    { key = this.held.agent.signing, accessToken }: { key?: PrivateJwk; accessToken?: string } = {},
  ): Headers {
    const given = {
      ...(nonce !== undefined && { nonce }),
      ...(body !== undefined && { body }),
      ...(accessToken !== undefined && { accessToken }),
    };
    return { dpop: makeProof({ key: signingKey(key), htm: method, htu: url, ...given }) };
  }

  /** As approvals would sign it, to the letter, under the name of its key; only the key is another. */
  async #asService({ service }: Knock): Promise<Headers> {
    const { gate, agent, serviceKid } = this.held;
    const iat = Math.floor(Date.now() / 1_000);
    const aud = gate.world.serviceUrl(service);
    const token = new SignJWT({ gate: gate.trust.gate, iss: 'approvals', aud, iat, exp: iat + 30 });
    token.setProtectedHeader({ alg: 'ES256', kid: serviceKid, typ: 'sallyport-service+jwt' });
    return bearer(await token.sign(signingKey(agent.encryption).key));
  }

  async #asPerson({ service }: Knock): Promise<Headers> {
    const { gate, agent, person } = this.held;
    const token = new SignJWT(personClaims(person, gate, service));
    token.setProtectedHeader({ alg: 'ES256', kid: 'k1', typ: 'at+jwt' });
    return bearer(await token.sign(signingKey(agent.encryption).key));
  }

  #unsigned({ service }: Knock): Headers {
    const { gate, person } = this.held;
    const parts = [{ alg: 'none', typ: 'at+jwt' }, personClaims(person, gate, service)];
    const encoded = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
    return bearer(`${encoded.join('.')}.`);
  }

  async #issued(sub: string, { service }: Knock, claims: Record<string, unknown> = {}): Promise<Headers> {
    const { issuer, world } = this.held.gate;
    return bearer(await issuer.token(sub, world.serviceUrl(service), claims));
  }
}

/** What a real token of this person for this service would say. */
function personClaims(
  sub: string,
  { issuer, world }: RunningGate,
  service: ServiceName,
): Record<string, string | number> {
  const iat = Math.floor(Date.now() / 1_000);
  const claims = { iss: issuer.issuer, sub, aud: world.serviceUrl(service), client_id: 'cli', jti: 'j-1' };
  return { ...claims, iat, exp: iat + 300 };
}
