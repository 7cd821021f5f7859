import { actionTokenClaims, consumeAnswer, type ActionTokenClaims, type ConsumeAnswer } from '#contracts';
import { signingKey, verifyProof, type PrivateJwk, type Trust } from '#trust';
import { GateClient } from './gate-client.js';
import { GateError } from './gate-error.js';

export interface ToolGateOptions {
  /** The tool's `base_url` as registered: the audience of its tokens. */
  toolUrl: string;
  /** The private key whose public half is registered for this tool. */
  key: PrivateJwk;
  trust: Trust;
  credentialsUrl: string;
  /** Milliseconds; 10,000 by default. */
  timeoutMs?: number;
}

/** The call that the agent made to the tool: method, and the tool's own public URL of the route. */
export interface ToolCall {
  htm: string;
  htu: string;
}

/**
 * A tool's side of the gate. `consume` answers the exact frozen action: run that, and nothing that the caller says beside it.
 */
export class ToolGate {
  readonly #options: ToolGateOptions;
  readonly #client: GateClient;

  constructor(options: ToolGateOptions) {
    this.#options = { ...options, credentialsUrl: options.credentialsUrl.replace(/\/+$/u, '') };
    this.#client = new GateClient({ key: signingKey(options.key), timeoutMs: options.timeoutMs ?? 10_000 });
  }

  /** The tool's own base URL, as registered. */
  get toolUrl(): string {
    return this.#options.toolUrl;
  }

  /**
   * Spends one use of a token. `token` and `agentProof` are what the agent sent in `Authorization: DPoP …` and `DPoP`. Checks here what can be
   * checked here, then asks the gate, which alone knows whether the use is still there. At most once: a tool that dies afterwards has used it. Throws
   * GateError, and then nothing may be run.
   */
  async consume(token: string, agentProof: string, call: ToolCall): Promise<ConsumeAnswer> {
    const claims = this.#readToken(token);
    this.#checkProof(claims, { token, agentProof, call });
    const url = `${this.#options.credentialsUrl}/v1/tokens/consume`;
    const body = JSON.stringify({ token, agent_proof: agentProof, ...call });
    const answer = await this.#client.call({ method: 'POST', url, body });
    const parsed = consumeAnswer.safeParse(await jsonOf(answer));
    if (!parsed.success) throw new GateError('unexpected_answer', 'the answer is not what the contract says');
    const [detail] = claims.authorization_details;
    const { action_id: actionId, action_digest: digest } = parsed.data;
    if (actionId !== detail.action_id || digest !== detail.action_digest) {
      throw new GateError('not_trusted', 'the answer is about another action than the token');
    }
    return parsed.data;
  }

  #readToken(token: string): ActionTokenClaims {
    const { trust, toolUrl } = this.#options;
    const verified = trust.verify(token, { purpose: 'token', service: 'credentials', schema: actionTokenClaims });
    if (!verified.ok || verified.payload.iss !== trust.gate)
      throw new GateError('token_invalid', 'not a token of this gate');
    if (verified.payload.aud !== toolUrl) throw new GateError('token_invalid', 'the token is for another tool');
    if (verified.payload.exp * 1_000 <= Date.now()) throw new GateError('expired', 'the token has expired');
    return verified.payload;
  }

  #checkProof(claims: ActionTokenClaims, sent: { token: string; agentProof: string; call: ToolCall }): void {
    const keyKnown = (jkt: string): boolean => jkt === claims.cnf.jkt;
    const verified = verifyProof(sent.agentProof, { ...sent.call, accessToken: sent.token, keyKnown });
    if (!verified.ok) throw new GateError('proof_invalid', 'the caller does not hold the key of the token');
  }
}

/** An answer that breaks off is none: the use may be spent, and nothing is run. */
async function jsonOf(answer: Response): Promise<unknown> {
  try {
    return await answer.json();
  } catch (cause) {
    throw new GateError('no_answer', 'the answer broke off, or is not JSON', { cause });
  }
}
