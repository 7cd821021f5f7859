import { callHeaders, signingKey, type CallParts } from '#trust';
import type { z } from 'zod';
import { problemShape, Refused, Unreachable } from './failures.js';
import type { DoorName, CliSettings } from './settings.js';
import type { SignIn } from './sign-in.js';

const timeoutMs = 15_000;

export interface Call {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  body?: unknown;
  headers?: Record<string, string>;
  /** For doors that are open to everybody. */
  anonymous?: boolean;
  /** The body is signed by itself already: a vote, a sign-in that commits to a key. */
  provenInBody?: boolean;
  timeoutMs?: number;
}

/** The services, as the signed-in person. */
export class Gate {
  constructor(
    readonly settings: CliSettings,
    private readonly signIn: SignIn,
  ) {}

  async call<S extends z.ZodType>(service: DoorName, path: string, answer: S, call: Call = {}): Promise<z.output<S>> {
    const response = await this.fetch(service, path, call);
    const parsed = answer.safeParse(await response.json().catch(() => undefined));
    if (parsed.success) return parsed.data;
    throw new Unreachable(
      `${service} answered in a form that this version does not know: is it another version of the gate?`,
    );
  }

  /** Where a service is, as people and agents call it. */
  urlOf(service: DoorName): string {
    return this.settings.services[service];
  }

  /** Throws Refused or Unreachable; the answer is 2xx. */
  async fetch(service: DoorName, path: string, call: Call = {}): Promise<Response> {
    const base = this.settings.services[service];
    const method = call.method ?? 'GET';
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const response = await reach(service, base + path, {
      method,
      headers: await this.headersOf(base, call, {
        method,
        url: base + path,
        body,
        ifMatch: call.headers?.['if-match'],
      }),
      redirect: 'error',
      signal: AbortSignal.timeout(call.timeoutMs ?? timeoutMs),
      ...(body === undefined ? {} : { body }),
    });
    if (response.ok) return response;
    const problem = problemShape.safeParse(await response.json().catch(() => undefined));
    if (problem.success) {
      throw new Refused(problem.data, response.headers.get('retry-after') ?? undefined);
    }
    throw new Unreachable(`${service} answered ${String(response.status)} without saying why: look at its log`);
  }

  /** A call that changes something is signed by the person's own key: the token alone would change nothing. */
  private async headersOf(base: string, call: Call, parts: CallParts): Promise<Record<string, string>> {
    const headers: Record<string, string> = { ...call.headers };
    if (call.anonymous !== true) headers['authorization'] = `Bearer ${await this.signIn.tokenFor(base)}`;
    if (call.body !== undefined) headers['content-type'] = 'application/json';
    if (parts.method === 'GET' || call.provenInBody === true) return headers;
    const { jwk, statement } = this.signIn.key();
    return { ...headers, ...callHeaders({ key: signingKey(jwk), statement }, parts) };
  }
}

async function reach(service: string, url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch {
    throw new Unreachable(
      `${service} does not answer at ${new URL(url).origin}: is the gate running? See: sallyport doctor`,
    );
  }
}
