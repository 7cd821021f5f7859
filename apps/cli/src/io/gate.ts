import { z } from 'zod';
import type { DoorName, CliSettings } from './settings.js';
import type { SignIn } from './sign-in.js';

const timeoutMs = 15_000;

const problemShape = z.object({
  status: z.int(),
  code: z.string(),
  title: z.string(),
  todo: z.string().optional(),
  why: z.string().optional(),
  detail: z.string().optional(),
});
export type GateProblem = z.infer<typeof problemShape>;

/** The gate said no, in its own words. */
export class Refused extends Error {
  constructor(readonly problem: GateProblem) {
    super(problem.code);
  }
}

/** No answer, or none that makes sense. */
export class Unreachable extends Error {}

export interface Call {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  body?: unknown;
  headers?: Record<string, string>;
  /** For doors that are open to everybody. */
  anonymous?: boolean;
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
    throw new Unreachable(`${service} answered in a form that this version does not know`);
  }

  /** Throws Refused or Unreachable; the answer is 2xx. */
  async fetch(service: DoorName, path: string, call: Call = {}): Promise<Response> {
    const base = this.settings.services[service];
    const headers: Record<string, string> = { ...call.headers };
    if (call.anonymous !== true) headers['authorization'] = `Bearer ${await this.signIn.tokenFor(base)}`;
    if (call.body !== undefined) headers['content-type'] = 'application/json';
    const response = await reach(service, base + path, {
      method: call.method ?? 'GET',
      headers,
      redirect: 'error',
      signal: AbortSignal.timeout(call.timeoutMs ?? timeoutMs),
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    });
    if (response.ok) return response;
    const problem = problemShape.safeParse(await response.json().catch(() => undefined));
    if (problem.success) throw new Refused(problem.data);
    throw new Unreachable(`${service} answered ${String(response.status)}`);
  }
}

async function reach(service: string, url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch {
    throw new Unreachable(`${service} does not answer at ${new URL(url).origin}`);
  }
}
