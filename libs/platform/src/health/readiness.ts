import { setTimeout as sleep } from 'node:timers/promises';

export interface PartState {
  ok: boolean;
  /** One line for an operator: what is missing, never a secret or an address with credentials. */
  detail: string;
}

export interface ReadinessReport {
  ready: boolean;
  parts: Record<string, PartState>;
}

const checkTimeoutMs = 2_000;

/** What must work before this process should get traffic. Parts register themselves; the platform knows none of them. */
export class Readiness {
  private readonly checks = new Map<string, () => Promise<PartState>>();
  private stopping = false;

  constructor(private readonly timeoutMs = checkTimeoutMs) {}

  /** A second registration under the same name would hide the first, so it throws. */
  register(name: string, check: () => Promise<PartState>): void {
    if (this.checks.has(name)) throw new Error(`readiness part ${name} is registered twice`);
    this.checks.set(name, check);
  }

  /** From here on the answer is "not ready", whatever the parts say. */
  stop(): void {
    this.stopping = true;
  }

  async report(): Promise<ReadinessReport> {
    const entries = [...this.checks];
    const states = await Promise.all(entries.map(([, check]) => answerOf(check, this.timeoutMs)));
    const parts: Record<string, PartState> = {};
    entries.forEach(([name], index) => {
      parts[name] = states[index] ?? { ok: false, detail: 'no answer' };
    });
    if (this.stopping) parts['process'] = { ok: false, detail: 'shutting down' };
    return { ready: Object.values(parts).every(({ ok }) => ok), parts };
  }
}

async function answerOf(check: () => Promise<PartState>, timeoutMs: number): Promise<PartState> {
  const late = new AbortController();
  const silence = { ok: false, detail: `no answer within ${String(timeoutMs)} ms` };
  const timeout = sleep(timeoutMs, silence, { signal: late.signal });
  timeout.catch(() => undefined);
  try {
    return await Promise.race([check(), timeout]);
  } catch {
    // The part's own log lines say why; an error's text could carry an address with credentials.
    return { ok: false, detail: 'the check failed' };
  } finally {
    late.abort();
  }
}
