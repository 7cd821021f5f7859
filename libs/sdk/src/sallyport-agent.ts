import { setTimeout as sleep } from 'node:timers/promises';
import { actionAnswer, submitAnswer } from '#contracts';
import { signingKey, type PrivateJwk, type SigningKey, type Trust } from '#trust';
import { GateClient, patiently, send } from './gate-client.js';
import { errorOf, GateError } from './gate-error.js';
import { Lease, openDelivery } from './lease.js';
import { signAsked, superseding, type Asked, type AskOptions, type SignedRequest, type Ticket } from './request.js';
import { isSettled, statusOfAnswer, type ActionStatus, type OfferedLease } from './status.js';

export interface AgentOptions {
  /** As registered. */
  agentId: string;
  /** The private key whose public half is registered with `use: sig` (Ed25519 or P-256). */
  signingKey: PrivateJwk;
  /** The private key whose public half is registered with `use: enc` (P-256 or X25519). */
  encryptionKey: PrivateJwk;
  /** The gate's pinned public keys: `Trust.read(path)` of the gate's trust file. */
  trust: Trust;
  /** Where the gate is, as configured and never as an answer says. */
  urls: { intake: string; notifier: string; credentials: string };
  /** Milliseconds for one call; 10,000 by default. */
  timeoutMs?: number;
  /** Milliseconds for which a call that may be repeated is repeated while the gate is busy or away; 30,000 by default. */
  patienceMs?: number;
}

export interface WaitOptions {
  /** Milliseconds; 60,000 by default. */
  timeoutMs?: number;
  /** Waits until this is true; by default until there is an offer or it is over. */
  until?: (status: ActionStatus) => boolean;
}

/** The longest that the gate holds one question. */
const longPollSeconds = 30;
/** The gate answers when the statement has run; how long that may take is bounded by the lease. */
const brokeredMs = 900_000;
/** Within this a redeem is repeated: less than the 60 s for which the gate keeps an answer, so that a late try is no replay. */
const refetchMs = 45_000;
/** Nobody waits long for the gate to forget what it forgets by itself. */
const acknowledgeMs = 2_000;
const shortestPauseMs = 150;

/**
 * An agent's side of the gate over HTTP: ask, wait, redeem, complete, cancel. Believes nothing that the gate did not sign, and sends
 * proofs only to the configured URLs.
 */
export class SallyportAgent {
  readonly agentId: string;
  readonly trust: Trust;
  readonly #key: SigningKey;
  readonly #encryptionKey: PrivateJwk;
  readonly #urls: AgentOptions['urls'];
  readonly #client: GateClient;
  readonly #timeoutMs: number;
  readonly #patienceMs: number;

  constructor(options: AgentOptions) {
    const { timeoutMs = 10_000, patienceMs = 30_000, urls } = options;
    this.agentId = options.agentId;
    this.trust = options.trust;
    this.#key = signingKey(options.signingKey);
    this.#encryptionKey = options.encryptionKey;
    this.#urls = { intake: trim(urls.intake), notifier: trim(urls.notifier), credentials: trim(urls.credentials) };
    this.#client = new GateClient({ key: this.#key, timeoutMs });
    this.#timeoutMs = timeoutMs;
    this.#patienceMs = patienceMs;
  }

  /** Signs for a door: its `aud` is the URL of the route, or `<gate id>/sallyport.requests.v1` on Kafka. */
  sign(asked: Asked, aud: string, actionId?: string): SignedRequest {
    return signAsked(asked, { agentId: this.agentId, key: this.#key, aud }, actionId);
  }

  /**
   * Asks. The ticket stands for the request from here on. With the same `actionId` and the same content it may be asked again, also after a
   * crash: the gate answers with what it has.
   */
  async ask(asked: Asked, actionId?: string, options: AskOptions = {}): Promise<Ticket> {
    const url = `${this.#urls.intake}/v1/actions`;
    const { ticket, value, signature } = this.sign(superseding(asked, options), url, actionId);
    const headers = { 'sallyport-signature': signature };
    const call = { method: 'POST', url, body: value, headers, timeoutMs: this.#timeoutMs } as const;
    const answer = await patiently(async () => readJson(await send(call)), this.#patienceMs);
    if (submitAnswer.safeParse(answer).data?.action_id !== ticket.actionId) throw unexpected();
    return ticket;
  }

  /** Where the action stands now; undefined when the gate does not know it yet. */
  status(ticket: Ticket): Promise<ActionStatus | undefined> {
    return patiently(() => this.#look(ticket, 0), this.#patienceMs);
  }

  /** Waits for an offer or an end. Throws GateError `no_answer` when the time is over before. */
  async wait(ticket: Ticket, { timeoutMs = 60_000, until = isSettled }: WaitOptions = {}): Promise<ActionStatus> {
    const deadline = performance.now() + timeoutMs;
    let known: ActionStatus | undefined;
    for (;;) {
      const left = deadline - performance.now();
      if (left <= 0) throw new GateError('no_answer', 'the action did not get there in time');
      const status = await patiently(() => this.#next(ticket, left, known), left);
      if (status !== undefined && until(status)) return status;
      known = status;
    }
  }

  /** What comes after `known`; at once when nothing is known. Something new is not sure: the question may have been held in vain. */
  async #next(ticket: Ticket, leftMs: number, known: ActionStatus | undefined): Promise<ActionStatus | undefined> {
    const seconds = known === undefined ? 0 : Math.min(longPollSeconds, Math.ceil(leftMs / 1_000));
    const askedAt = performance.now();
    const status = await this.#look(ticket, seconds, known);
    // Nothing new, and said at once: not known yet, or a gate that holds no questions. Neither is asked in a tight loop.
    const isNews = status !== undefined && (status.state !== known?.state || status.code !== known.code);
    if (!isNews && performance.now() - askedAt < shortestPauseMs) await sleep(shortestPauseMs);
    return status;
  }

  /**
   * Collects the credential of an offer. Where the answer is lost on the way it is fetched again, with the same keys, while the gate keeps it;
   * once it is opened the gate is told so. Call it once: a second redeem is `already_redeemed` and an alarm.
   */
  async redeem(ticket: Ticket, offer: OfferedLease): Promise<Lease> {
    const url = `${this.#urls.credentials}/v1/leases/${offer.id}/redeem`;
    if (!isSameUrl(offer.redeem_url, url))
      throw new GateError('not_trusted', `the offer points elsewhere: ${offer.redeem_url}`);
    const jwe = await this.#collect(url, ticket, offer.mode === 'brokered');
    const { agentId, trust } = this;
    const encryptionKey = this.#encryptionKey;
    const bundle = await openDelivery({ jwe, leaseId: offer.id, ticket, agentId, encryptionKey, trust });
    await this.#acknowledge(bundle.lease_id);
    return new Lease(bundle, this.#key, () => this.complete(bundle.lease_id));
  }

  #collect(url: string, { actionDigest }: Ticket, isBrokered: boolean): Promise<string> {
    const body = JSON.stringify({ action_digest: actionDigest });
    const [timeoutMs, patienceMs] = isBrokered
      ? [brokeredMs, brokeredMs]
      : [this.#timeoutMs, Math.min(this.#patienceMs, refetchMs)];
    const call = { method: 'POST', url, body, timeoutMs } as const;
    return patiently(async () => readText(await this.#client.call(call)), patienceMs);
  }

  /** Best effort: without it the gate forgets the answer a little later. */
  async #acknowledge(leaseId: string): Promise<void> {
    const url = `${this.#urls.credentials}/v1/leases/${leaseId}/acknowledge`;
    try {
      await this.#client.call({ method: 'POST', url, timeoutMs: acknowledgeMs });
    } catch (error) {
      if (!(error instanceof GateError)) throw error;
    }
  }

  /** Waits, redeems, lets `use` work with the credential, and gives it back whatever happens. Throws GateError `not_offered` when it ends without an offer. */
  async withLease<T>(ticket: Ticket, use: (lease: Lease) => Promise<T>, options?: WaitOptions): Promise<T> {
    const status = await this.wait(ticket, options);
    if (status.lease === undefined) throw new GateError('not_offered', `${status.state}: ${status.code ?? ''}`);
    const lease = await this.redeem(ticket, status.lease);
    try {
      return await use(lease);
    } finally {
      await lease.complete();
    }
  }

  /** Gives a lease back. Giving back what has ended is no error. */
  async complete(leaseId: string): Promise<void> {
    const url = `${this.#urls.credentials}/v1/leases/${leaseId}/complete`;
    try {
      await patiently(() => this.#client.call({ method: 'POST', url }), this.#patienceMs);
    } catch (error) {
      if (!(error instanceof GateError && error.status === 410)) throw error;
    }
  }

  /** Asks the gate to end the action, wherever it is. The outcome says whether that came in time. */
  async cancel({ actionId }: Ticket): Promise<void> {
    const url = `${this.#urls.intake}/v1/actions/${actionId}/cancel`;
    await patiently(() => this.#client.call({ method: 'POST', url }), this.#patienceMs);
  }

  /** Undefined while the gate has not heard of it: right after asking that is a matter of milliseconds. */
  async #look(ticket: Ticket, waitSeconds: number, known?: ActionStatus): Promise<ActionStatus | undefined> {
    const seen = known === undefined ? '' : `&known=${known.state}&known_code=${encodeURIComponent(known.code ?? '')}`;
    const url = `${this.#urls.notifier}/v1/actions/${ticket.actionId}?wait_seconds=${waitSeconds}${seen}`;
    try {
      const timeoutMs = this.#timeoutMs + waitSeconds * 1_000;
      const answer = await this.#client.call({ method: 'GET', url, timeoutMs });
      const parsed = actionAnswer.safeParse(await readJson(answer));
      if (!parsed.success) throw unexpected();
      return statusOfAnswer(parsed.data, ticket, this);
    } catch (error) {
      if (error instanceof GateError && error.code === 'not_found') return undefined;
      throw error;
    }
  }
}

function isSameUrl(a: string, b: string): boolean {
  return URL.parse(a)?.href === new URL(b).href;
}

const trim = (url: string): string => url.replace(/\/+$/u, '');

function unexpected(): GateError {
  return new GateError('unexpected_answer', 'the answer is not what the contract says');
}

/** An answer that breaks off is none. */
async function readText(answer: Response): Promise<string> {
  try {
    return await answer.text();
  } catch (cause) {
    throw new GateError('no_answer', 'the answer broke off', { cause });
  }
}

async function readJson(answer: Response): Promise<unknown> {
  if (!answer.ok) throw await errorOf(answer);
  try {
    return await answer.json();
  } catch (cause) {
    throw new GateError('unexpected_answer', 'the answer is not JSON', { cause });
  }
}
