import {
  approvalAnswer, approvalsAnswer, entryAnswer, personKeyAnswer, reviewsAnswer, voteAnswer,
  type ApprovalAnswer, type ApprovalsAnswer, type EntryAnswer, type ReviewsAnswer, type VoteAnswer, type VoteBody,
} from '#contracts'; // prettier-ignore
import { newId, type ServiceName } from '#platform';
import {
  callHeaders,
  generatePrivateJwk,
  keyNonce,
  freshSecret,
  signingKey,
  signVote,
  voteOn,
  type CallParts,
} from '#trust';
import { z } from 'zod';
import type { Stage } from '../stage.js';
import { refresh, signIn, type Account } from './sign-in.js';

/** A door said no. */
export class Said extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly why: string | undefined,
  ) {
    super([String(status), code, why].filter((part) => part !== undefined).join(' '));
    this.name = 'Said';
  }
}

export interface PersonCall {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  body?: unknown;
  headers?: Record<string, string>;
  /** The body is signed by itself: a vote, a sign-in that commits to a key. */
  provenInBody?: boolean;
}

const refusal = z.looseObject({ code: z.string(), why: z.string().optional() });
const renewBeforeMs = 30_000;

/** Somebody who works with the gate through its public doors, as the command line does. */
export class Person {
  readonly #key = signingKey(generatePrivateJwk('P-256'));
  readonly #random = freshSecret();
  readonly #account: Account;
  /** The sign-in that committed to the key, until the key is registered; then what credentials states about it. */
  #idToken: string | undefined;
  #statement: Promise<string> | undefined;
  readonly #tokens = new Map<string, { token: string; until: number }>();
  #refreshToken: string | undefined;
  /** The provider gives a new refresh token for each: one exchange at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    readonly id: string,
    private readonly stage: Stage,
  ) {
    this.#account = {
      issuer: stage.issuer,
      clientId: stage.client_id,
      login: id,
      password: stage.password,
      resources: Object.values(stage.services),
      nonce: keyNonce(this.#key.jwk, this.#random),
    };
  }

  /** Throws Said when the door says no. */
  async call<S extends z.ZodType>(service: ServiceName, path: string, answers: S, call: PersonCall = {}): Promise<z.output<S>> {
    const base = this.stage.services[service];
    const method = call.method ?? 'GET';
    const text = call.body === undefined ? undefined : JSON.stringify(call.body);
    const parts = { method, url: base + path, body: text, ifMatch: call.headers?.['if-match'] };
    const signed = method === 'GET' || call.provenInBody === true ? {} : await this.#signed(parts);
    const response = await fetch(base + path, {
      method,
      signal: AbortSignal.timeout(15_000),
      headers: {
        authorization: `Bearer ${await this.#tokenFor(base)}`,
        ...(text === undefined ? {} : { 'content-type': 'application/json' }),
        ...call.headers,
        ...signed,
      },
      ...(text === undefined ? {} : { body: text }),
    });
    const body: unknown = await response.json();
    if (response.ok) return answers.parse(body);
    const { code, why } = refusal.parse(body);
    throw new Said(response.status, code, why);
  } // prettier-ignore

  /** Whether credentials vouches for this person's key: not in the first moments of a gate, whose services are still being told of their people. */
  async isVouchedFor(): Promise<boolean> {
    try {
      await this.#stated();
      return true;
    } catch (error) {
      if (error instanceof Said && (error.status === 403 || error.status === 503)) return false;
      throw error;
    }
  }

  waiting(): Promise<ApprovalsAnswer> {
    return this.call('approvals', '/v1/approvals?state=open&mine=true&each=true', approvalsAnswer);
  }

  read(actionId: string): Promise<ApprovalAnswer> {
    return this.call('approvals', `/v1/approvals/${actionId}`, approvalAnswer);
  }

  /** Reads the decision and approves exactly that, with every point of the open stage confirmed, or with those that are given. */
  async approve(actionId: string, confirmed?: readonly string[]): Promise<VoteAnswer> {
    const seen = await this.read(actionId);
    const stage = seen.decision.stages.find((each) => each.stage === (seen.progress.yours ?? seen.progress.stage));
    const points = confirmed ?? stage?.confirmations.map(({ id }) => id) ?? [];
    return this.#vote(seen, {
      decision: 'approve',
      reason: 'I have looked at each point beside its fact',
      view_digest: seen.view_digest,
      confirmed: [...points],
    });
  }

  async deny(actionId: string, reason: string): Promise<VoteAnswer> {
    const seen = await this.read(actionId);
    return this.#vote(seen, { decision: 'deny', reason, view_digest: seen.view_digest, confirmed: [] });
  }

  async withdraw(actionId: string, reason: string): Promise<void> {
    await this.call('approvals', `/v1/approvals/${actionId}/withdraw`, z.unknown(), { method: 'POST', body: { reason } });
  } // prettier-ignore

  async stop(actionId: string, reason: string): Promise<void> {
    await this.call('approvals', `/v1/approvals/${actionId}/stop`, z.unknown(), { method: 'POST', body: { reason } });
  }

  reviews(): Promise<ReviewsAnswer> {
    return this.call('approvals', '/v1/reviews', reviewsAnswer);
  }

  async closeReview(reviewId: string, reason: string): Promise<void> {
    const body = { verdict: 'fit', reason };
    await this.call('approvals', `/v1/reviews/${reviewId}/close`, z.unknown(), { method: 'POST', body });
  }

  /** Undefined when nothing lives under this name. */
  async entry(kind: string, id: string): Promise<EntryAnswer | undefined> {
    try {
      return await this.call('registry', entryPath(kind, id), entryAnswer);
    } catch (error) {
      if (error instanceof Said && error.status === 404) return undefined;
      throw error;
    }
  }

  /** Registers an entry, or its next version. */
  async register(kind: string, id: string, spec: unknown): Promise<EntryAnswer> {
    const current = await this.entry(kind, id);
    const headers = current === undefined ? {} : { 'if-match': `"${String(current.version)}"` };
    return this.call('registry', entryPath(kind, id), entryAnswer, { method: 'PUT', body: spec, headers });
  }

  async remove(kind: string, id: string): Promise<void> {
    const current = await this.entry(kind, id);
    if (current === undefined) return;
    const headers = { 'if-match': `"${String(current.version)}"` };
    await this.call('registry', entryPath(kind, id), z.unknown(), { method: 'DELETE', headers });
  }

  async suspend(agentId: string, reason: string): Promise<void> {
    await this.call('registry', `/v1/agents/${agentId}/suspend`, z.unknown(), { method: 'POST', body: { reason } });
  }

  /** As every call that changes something must be. */
  async #signed(call: CallParts): Promise<Record<string, string>> {
    return callHeaders({ key: this.#key, statement: await this.#stated() }, call);
  }

  /** What credentials states about the key, which is registered the first time that it is needed. */
  #stated(): Promise<string> {
    this.#statement ??= this.#register().catch((error: unknown) => {
      this.#statement = undefined;
      throw error;
    });
    return this.#statement;
  }

  /** Signed, as every vote must be. */
  async #vote({ decision }: ApprovalAnswer, said: VoteBody): Promise<VoteAnswer> {
    const person_key = await this.#stated();
    const by = { gate: this.stage.gate, jti: newId(), now: Date.now() };
    const body = { ...said, proof: signVote(this.#key, voteOn(decision, said, by)), person_key };
    const call = { method: 'POST', body, provenInBody: true } as const;
    return this.call('approvals', `/v1/approvals/${decision.action_id}/votes`, voteAnswer, call);
  }

  async #register(): Promise<string> {
    // Registering is minutes after signing in at most: this person signs in anew for it.
    this.#refreshToken = undefined;
    this.#tokens.clear();
    await this.#tokenFor(this.stage.services.credentials);
    const body = { id_token: this.#idToken, jwk: this.#key.jwk, random: this.#random };
    const call = { method: 'POST', body, provenInBody: true } as const;
    return (await this.call('credentials', '/v1/person-keys', personKeyAnswer, call)).statement;
  }

  #tokenFor(audience: string): Promise<string> {
    const token = this.#turn.then(() => this.#fresh(audience));
    this.#turn = token.catch(() => undefined);
    return token;
  }

  async #fresh(audience: string): Promise<string> {
    const known = this.#tokens.get(audience);
    if (known !== undefined && known.until > Date.now()) return known.token;
    if (this.#refreshToken === undefined) {
      const signedIn = await signIn(this.#account);
      this.#refreshToken = signedIn.refreshToken;
      this.#idToken = signedIn.idToken;
    }
    if (this.#refreshToken === undefined) throw new Error('the provider gave no refresh token');
    const tokens = await refresh(this.#account, this.#refreshToken, audience);
    this.#refreshToken = tokens.refreshToken ?? this.#refreshToken;
    const until = Date.now() + tokens.expiresInSeconds * 1_000 - renewBeforeMs;
    this.#tokens.set(audience, { token: tokens.accessToken, until });
    return tokens.accessToken;
  }
}

const entryPath = (kind: string, id: string): string => `/v1/${kind}/${encodeURIComponent(id)}`;
