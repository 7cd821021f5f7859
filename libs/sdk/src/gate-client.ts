import { setTimeout as sleep } from 'node:timers/promises';
import { makeProof, type SigningKey } from '#trust';
import { errorOf, GateError } from './gate-error.js';

export interface GateCall {
  method: 'GET' | 'POST';
  url: string;
  body?: string;
  headers?: Record<string, string>;
  /** Milliseconds for this one call. */
  timeoutMs?: number;
}

export interface GateClientOptions {
  key: SigningKey;
  timeoutMs: number;
}

/**
 * HTTP with proof of possession (RFC 9449): a fresh proof for each call, the server's nonce learned from each answer,
 * one repetition when it asks for another. Redirects are refused, since a proof names one URL.
 */
export class GateClient {
  readonly #key: SigningKey;
  readonly #timeoutMs: number;
  readonly #nonces = new Map<string, string>();

  constructor({ key, timeoutMs }: GateClientOptions) {
    this.#key = key;
    this.#timeoutMs = timeoutMs;
  }

  /** Throws GateError. */
  async call(call: GateCall): Promise<Response> {
    try {
      return await this.#once(call);
    } catch (error) {
      if (error instanceof GateError && error.code === 'use_dpop_nonce') return this.#once(call);
      throw error;
    }
  }

  async #once(call: GateCall): Promise<Response> {
    const { origin, pathname } = new URL(call.url);
    const nonce = this.#nonces.get(origin);
    const proof = makeProof({
      key: this.#key,
      htm: call.method,
      htu: origin + pathname,
      ...(nonce !== undefined && { nonce }),
      ...(call.body !== undefined && { body: call.body }),
    });
    const answer = await send({ timeoutMs: this.#timeoutMs, ...call, headers: { ...call.headers, dpop: proof } });
    const next = answer.headers.get('dpop-nonce');
    if (next !== null) this.#nonces.set(origin, next);
    if (!answer.ok) throw await errorOf(answer);
    return answer;
  }
}

/** One HTTP call without proof. Throws GateError `no_answer` when there is none in time. */
export async function send({
  method,
  url,
  body,
  headers = {},
  timeoutMs,
}: GateCall & { timeoutMs: number }): Promise<Response> {
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  try {
    return await fetch(url, {
      method,
      headers: { ...type, ...headers },
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
      ...(body !== undefined && { body }),
    });
  } catch (cause) {
    throw new GateError('no_answer', `${method} ${url}`, { cause });
  }
}

/** Repeats what may be repeated for at most `patienceMs`, waiting as the gate asks, otherwise longer each time. */
export async function patiently<T>(work: () => Promise<T>, patienceMs: number): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (let attempt = 0; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const wait = error instanceof GateError && error.isTransient ? waitMs(error, attempt) : Infinity;
      if (performance.now() + wait > deadline) throw error;
      await sleep(wait);
    }
  }
}

function waitMs(error: GateError, attempt: number): number {
  if (error.retryAfterSeconds !== undefined) return error.retryAfterSeconds * 1_000;
  return Math.min(5_000, 100 * 2 ** attempt) * (0.5 + Math.random() / 2);
}
