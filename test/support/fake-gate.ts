import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LeaseBundle, OutcomeName, OutcomeValue, SignedOutcome } from '#contracts';
import { GateError, SallyportAgent, type Ticket } from '#sdk';
import {
  encryptTo, generateKeys, generatePrivateJwk, Keyring, newUuid7, outcomeAttributes, signOutcome, thumbprint, Trust, verifyProof,
  type PrivateJwk,
} from '#trust'; // prettier-ignore

export interface Heard {
  method: string;
  path: string;
  query: string;
  headers: IncomingMessage['headers'];
  body: string;
}
export interface Answer {
  status?: number;
  headers?: Record<string, string>;
  body?: unknown;
  /** The connection ends before the answer, or in the middle of it. */
  breaksOff?: 'before' | 'inside';
}
type Door = (heard: Heard) => Answer | Promise<Answer>;

/** A gate that answers as a test says, with real keys and real HTTP on loopback. Doors with proof check the proof. */
export class FakeGate {
  readonly heard: Heard[] = [];
  readonly doors = new Map<string, Door>();
  readonly agentKey = generatePrivateJwk('Ed25519');
  readonly encryptionKey = generatePrivateJwk('P-256');
  readonly trust: Trust;
  readonly #rings: Record<string, Keyring>;
  readonly #server: Server;
  url = '';

  constructor(gate = 'gate.test.example') {
    const dir = mkdtempSync(join(tmpdir(), 'sallyport-sdk-'));
    const { trustFile, keysFiles } = generateKeys(gate, dir);
    this.trust = Trust.read(trustFile);
    this.#rings = Object.fromEntries(Object.entries(keysFiles).map(([name, path]) => [name, Keyring.read(path)]));
    rmSync(dir, { recursive: true });
    this.#server = createServer((request, response) => {
      void this.#answer(request).then((answer) => {
        write(response, answer);
      });
    });
  }

  async start(): Promise<void> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    this.url = `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  keyring(service: string): Keyring {
    return this.#rings[service] as Keyring;
  }

  agent(more: { patienceMs?: number; signingKey?: PrivateJwk } = {}): SallyportAgent {
    const urls = { intake: `${this.url}/`, notifier: this.url, credentials: this.url };
    return new SallyportAgent({
      agentId: 'a-1', signingKey: this.agentKey, encryptionKey: this.encryptionKey, trust: this.trust, urls,
      timeoutMs: 2_000, patienceMs: 1_000, ...more,
    }); // prettier-ignore
  }

  /** `POST /v1/x`, answered by this function; `*` stands for one segment. */
  on(route: string, door: Door): void {
    this.doors.set(route, door);
  }

  /** Lets a door pass only with a proof of `key` and the nonce `n-2`. */
  proven(door: Door, key: PrivateJwk = this.agentKey): Door {
    return (heard) => {
      const result = verifyProof(String(heard.headers['dpop']), {
        htm: heard.method,
        htu: this.url + heard.path,
        body: Buffer.from(heard.body),
        nonceValid: (nonce) => nonce === 'n-2',
        keyKnown: (jkt) => jkt === thumbprint(key),
      });
      if (result.ok) return door(heard);
      return { status: 401, headers: { 'dpop-nonce': 'n-2' }, body: problem(result.code, 401) };
    };
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { pathname, search } = new URL(request.url ?? '/', this.url);
    const method = request.method ?? '';
    const heard = {
      method,
      path: pathname,
      query: search,
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
    };
    this.heard.push(heard);
    const pattern = pathname.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/u, '*');
    return (await this.doors.get(`${method} ${pattern}`)?.(heard)) ?? { status: 404, body: problem('not_found', 404) };
  }
}

function write(response: ServerResponse, { status = 200, headers = {}, body = {}, breaksOff }: Answer): void {
  if (breaksOff === 'before') {
    response.destroy();
    return;
  }
  const isText = typeof body === 'string';
  response.writeHead(status, { 'content-type': isText ? 'text/plain' : 'application/json', ...headers });
  if (breaksOff === 'inside') response.write('eyJ', () => response.destroy());
  else response.end(isText ? body : JSON.stringify(body));
}

export const problem = (code: string, status: number) => ({
  code,
  status,
  title: code,
  todo: '',
  type: `urn:sallyport:problem:${code}`,
});

export const leaseId = '01938a1e-7c00-7000-8000-00000000000a';

export function outcomeOf(
  gate: FakeGate,
  ticket: Ticket,
  outcome: OutcomeName,
  more: { service?: string; value?: Partial<OutcomeValue> } = {},
): SignedOutcome {
  const { service = 'credentials' } = more;
  const value: OutcomeValue = {
    action_id: ticket.actionId, action_digest: ticket.actionDigest, outcome, code: 'approved', reasons: ['approved'],
    ...(outcome === 'offered' && { lease: offerOf(gate) }), ...more.value,
  }; // prettier-ignore
  const ce = outcomeAttributes(newUuid7(), service, outcome);
  return signOutcome(gate.keyring(service), { agentId: 'a-1', ce, value });
}

export function offerOf(gate: FakeGate) {
  return {
    id: leaseId, redeem_url: `${gate.url}/v1/leases/${leaseId}/redeem`, offer_expires_at: '2027-01-15T08:05:00.000Z',
    profile: 'orders-ddl', mode: 'role' as const,
  }; // prettier-ignore
}

export function bundleOf(gate: FakeGate, ticket: Ticket, more: Partial<LeaseBundle> = {}): LeaseBundle {
  return {
    gate: gate.trust.gate, lease_id: leaseId, action_id: ticket.actionId, action_digest: ticket.actionDigest,
    agent_id: 'a-1', expires_at: '2027-01-15T08:10:00.000Z',
    credential: { kind: 'postgres', host: 'db.example', port: 5432, database: 'orders', user: 'u', password: 'canary-secret' },
    ...more,
  }; // prettier-ignore
}

/** What redeem answers, for this agent's encryption key. */
export function deliver(
  gate: FakeGate,
  bundle: LeaseBundle,
  jws = gate.keyring('credentials').sign('lease', bundle),
): Promise<string> {
  const { lease_id, action_digest } = bundle;
  return encryptTo(gate.encryptionKey, jws, { lease_id, action_digest });
}

/** What the agent was told when it asked. */
export const aTicket = (): Ticket => ({ actionId: newUuid7(), actionDigest: `sha256:${'A'.repeat(43)}` });

/** The code that a call fails with; what it threw else, and undefined where it worked. */
export async function codeOf(work: Promise<unknown>): Promise<unknown> {
  const error = await work.then(() => undefined, (e: unknown) => e); // prettier-ignore
  return error instanceof GateError ? error.code : error;
}
