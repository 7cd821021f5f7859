import { Injectable } from '@nestjs/common';
import { DatabaseClock } from '#database';
import { CommonSettings, Fault, urlName, type FaultCode } from '#platform';
import { Keyring, signServiceToken } from '#trust';

export interface PeerAnswer {
  ok: boolean;
  status: number;
  /** Parsed JSON, or undefined when the answer was none. */
  body: unknown;
}

type Peer = keyof typeof faultOf;

const faultOf = {
  policy: 'policy_unavailable',
  registry: 'registry_unavailable',
  credentials: 'peer_unavailable',
} as const satisfies Record<string, FaultCode>;

/** A person is waiting, or a transaction is open: whoever does not answer by then is asked again later. Milliseconds. */
const usuallyWithinMs = 3_000;

/** Calls to the other services of this gate, each with a JWT by this service's own key. */
@Injectable()
export class Peers {
  constructor(
    private readonly settings: CommonSettings,
    private readonly keyring: Keyring,
    private readonly clock: DatabaseClock,
  ) {}

  /** Throws a retryable Fault when no whole answer came in time. */
  post(service: Peer, path: string, body: object, withinMs = usuallyWithinMs): Promise<PeerAnswer> {
    const headers = { 'content-type': 'application/json' };
    return this.#call(service, path, { method: 'POST', headers, body: JSON.stringify(body), withinMs });
  }

  /** Throws as `post` does. */
  get(service: Peer, path: string): Promise<PeerAnswer> {
    return this.#call(service, path, { method: 'GET', headers: {}, withinMs: usuallyWithinMs });
  }

  async #call(service: Peer, path: string, { headers, withinMs, ...rest }: Sending): Promise<PeerAnswer> {
    const url = this.settings[urlName(service)];
    try {
      const response = await fetch(`${url}${path}`, {
        ...rest,
        headers: { ...headers, authorization: `Bearer ${await this.#token(url)}` },
        redirect: 'error',
        signal: AbortSignal.timeout(withinMs),
      });
      return { ok: response.ok, status: response.status, body: jsonOf(await response.text()) };
    } catch (cause) {
      throw new Fault(faultOf[service], { retryable: true, message: `${service} does not answer`, cause });
    }
  }

  async #token(aud: string): Promise<string> {
    return signServiceToken(this.keyring, { aud, now: await this.clock.now() });
  }
}

interface Sending {
  method: 'GET' | 'POST';
  headers: Record<string, string>;
  body?: string;
  withinMs: number;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
