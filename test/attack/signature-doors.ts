import type { KeyObject } from 'node:crypto';
import { callHeader, personKeyHeader, type KeyPurpose } from '#contracts';
import {
  callHeaders, freshSecret, generatePrivateJwk, keyNonce, makeProof, signingKey, signServiceToken, type SigningKey,
} from '#trust'; // prettier-ignore
import type { Action } from '../../apps/credentials/src/core/evidence.fixture.js';
import { read, type Answer } from '../integration/answers.js';
import type { CredentialsWorld } from '../integration/credentials-world.js';
import { takenApart, type Genuine } from '../support/signature-tricks.js';

/** One place of the gate that believes a signature which comes over HTTP. */
export interface Door {
  what: string;
  /** A genuine one, made anew for each try, and how it is sent. */
  ready: (at: Hands) => Promise<{ genuine: Genuine; knock: (jws: string) => Promise<Answer> }>;
  refusal: RegExp;
  /** Of an identity provider, which may write more into a header than we do. */
  isProviders?: true;
}

const share = 'https://tool.example/api/share';
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** Whoever can have everything signed, and sends it to the doors of credentials. */
export class Hands {
  #token: Promise<string> | undefined;

  constructor(readonly world: CredentialsWorld) {}

  /** The private key with which a service signs something. */
  keyOf(service: string, purpose: KeyPurpose): KeyObject {
    return this.world.keys.keyring(service).keyFor(purpose).privateKey;
  }

  get agentKey(): SigningKey {
    return signingKey(this.world.keys.agentKeys.sig);
  }

  async send(
    method: 'GET' | 'POST',
    path: string,
    { headers, body }: { headers: Record<string, string>; body?: object },
  ): Promise<Answer> {
    const all = { ...headers, ...(body && { 'content-type': 'application/json' }) };
    const sent = { method, headers: all, ...(body && { body: JSON.stringify(body) }) };
    return read(await fetch(this.world.url + path, sent));
  }

  async anOffer(profile = 'orders-ddl', uses = 1): Promise<{ action: Action; lease: string }> {
    const action = this.world.action(profile, 300, uses);
    await this.world.allow(action);
    return { action, lease: await this.world.offered(action) };
  }

  /** A token whose uses are not spent by what is refused. */
  token(): Promise<string> {
    const made = async () => {
      const { action, lease } = await this.anOffer('share', 3);
      return (await this.world.token(await this.world.redeem(lease, action))).token;
    };
    return (this.#token ??= made());
  }

  proofFor(accessToken: string): string {
    return makeProof({ key: this.agentKey, htm: 'POST', htu: share, accessToken });
  }

  consume(token: string, agent_proof = this.proofFor(token)): Promise<Answer> {
    const body = { token, agent_proof, htm: 'POST', htu: share };
    return this.world.prove('POST', '/v1/tokens/consume', body, this.world.toolKey);
  }

  get serviceToken(): string {
    return signServiceToken(this.world.keys.keyring('policy'), { aud: this.world.url });
  }

  explain(evidence: object, token = this.serviceToken): Promise<Answer> {
    return this.send('POST', '/v1/explanations', { headers: bearer(token), body: { evidence } });
  }

  /** An end of a lease by a person, with both signatures that it takes. */
  async anEnd() {
    const { lease } = await this.anOffer();
    const { key, statement } = await this.world.voter('sam');
    const [path, body] = [`/v1/leases/${lease}/end`, { reason: 'enough' }];
    const token = bearer(await this.world.peers.tokenFor('sam', this.world.url));
    const call = { method: 'POST', url: this.world.url + path, body: JSON.stringify(body) };
    const headers = callHeaders({ key, statement }, call);
    const knock = (given: Record<string, string>) =>
      this.send('POST', path, { headers: { ...token, ...headers, ...given }, body });
    return { key: key.key, headers, knock };
  }
}

export const doors: Door[] = [
  {
    what: 'an agent’s proof',
    ready: async (at) => {
      const { agentKey, world } = at;
      const nonce = world.keys.keyring('credentials').nonces.issue(Date.now());
      const made = makeProof({ key: agentKey, htm: 'GET', htu: `${world.url}/v1/leases`, nonce });
      const knock = (dpop: string) => at.send('GET', '/v1/leases', { headers: { dpop } });
      return { genuine: takenApart(made, agentKey.key), knock };
    },
    refusal: /^401 (?:proof_invalid|key_unknown)$/u,
  },
  {
    what: 'an agent’s proof for a tool',
    ready: async (at) => {
      const token = await at.token();
      const genuine = takenApart(at.proofFor(token), at.agentKey.key);
      return { genuine, knock: (proof) => at.consume(token, proof) };
    },
    refusal: /^401 proof_invalid$/u,
  },
  {
    what: 'an action token',
    ready: async (at) => {
      const genuine = takenApart(await at.token(), at.keyOf('credentials', 'token'));
      return { genuine, knock: (token) => at.consume(token) };
    },
    refusal: /^401 token_invalid$/u,
  },
  {
    what: 'a service’s token',
    ready: async (at) => {
      const { request } = at.world.action('orders-run');
      const genuine = takenApart(at.serviceToken, at.keyOf('policy', 'service'));
      return { genuine, knock: (jws) => at.explain(request, jws) };
    },
    refusal: /^401 token_invalid$/u,
  },
  {
    what: 'intake’s acceptance',
    ready: async (at) => {
      const { request } = at.world.action('orders-run');
      const genuine = takenApart(request.acceptance, at.keyOf('intake', 'acceptance'));
      return { genuine, knock: (acceptance) => at.explain({ ...request, acceptance }) };
    },
    refusal: /^(?:409 evidence_invalid|400 schema_mismatch)$/u,
  },
  {
    what: 'a person’s access token',
    ready: async (at) => {
      const { peers, url } = at.world;
      const genuine = takenApart(await peers.tokenFor('sam', url), peers.signsWith);
      return { genuine, knock: (token) => at.send('GET', '/v1/leases', { headers: bearer(token) }) };
    },
    refusal: /^401 token_invalid$/u,
    isProviders: true,
  },
  {
    what: 'an ID token',
    ready: async ({ world }) => {
      const [{ jwk }, random] = [signingKey(generatePrivateJwk('P-256')), freshSecret()];
      const made = await world.peers.idTokenFor('bob', keyNonce(jwk, random));
      const knock = (id_token: string) => world.asPerson('bob', 'POST', '/v1/person-keys', { id_token, jwk, random });
      return { genuine: takenApart(made, world.peers.signsWith), knock };
    },
    refusal: /^401 token_invalid$/u,
    isProviders: true,
  },
  {
    what: 'a person’s call',
    ready: async (at) => {
      const { key, headers, knock } = await at.anEnd();
      const genuine = takenApart(headers[callHeader] ?? '', key);
      return { genuine, knock: (call) => knock({ [callHeader]: call }) };
    },
    refusal: /^401 /u,
  },
  {
    what: 'the statement about a person’s key',
    ready: async (at) => {
      const { headers, knock } = await at.anEnd();
      const genuine = takenApart(headers[personKeyHeader] ?? '', at.keyOf('credentials', 'person-key'));
      return { genuine, knock: (statement) => knock({ [personKeyHeader]: statement }) };
    },
    refusal: /^401 /u,
  },
];
