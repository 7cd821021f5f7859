import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  actionAccepted, agentUrn, approvalGranted, leaseEnded, leaseReleased, leaseReplayed, policyAllowed, policyApprovalRequired, registryChanged, reviewClosed, serviceUrn,
  type DataOf, type EventDefinition, type Granting, type OutcomeName, type OutcomeValue, type Plan, type Verdict,
} from '#contracts'; // prettier-ignore
import {
  actionDigest, LineHash, manifestText, append, canonical, digestOf, digestOfBytes, emptyFrontier, formatCheckpoint, outcomeAttributes, planDigest, readTrustFile,
  requestAttributes, rootOf, signingKey, signNote, signOutcome, signPersonKey, signRequest, signVote, verifierKeysIn, votesNamed,
  generatePrivateJwk, signReplay, type SaidClosing, type SaidReplay, type SigningKey,
} from '#trust'; // prettier-ignore
import { leafOf } from '../../apps/audit/src/core/leaf.js';
import { aSigningKey, signEntry, type TestGate, type TestKey } from './gate.js';

const at = '2026-11-24T10:00:00.000Z';
const uuid = (n: number): string => `01975f3a-7c00-7b1e-8d2f-${n.toString(16).padStart(12, '0')}`;

interface Entry {
  line: string;
  hash: Buffer;
}

/** A log as a gate would have written it, with an allowed action and an approved one, and the files of its export. */
export class TestLog {
  #door: string | undefined;
  readonly entries: Entry[] = [];
  readonly origin: string;
  readonly key: TestKey = aSigningKey();
  #count = 0;
  readonly #voters = new Map<string, SigningKey>();

  constructor(private readonly gate: TestGate) {
    this.origin = `${gate.id}/audit/1`;
  }

  get verifierKey(): string {
    return verifierKeysIn(readTrustFile(this.gate.trustFile), '1').join();
  }

  /** Any event of a service, true or forged. */
  say<E extends EventDefinition>(event: E, service: string, subject: string, data: DataOf<E>): this {
    const value = Buffer.from(JSON.stringify(data));
    const salt = randomBytes(32);
    this.#count += 1;
    const source = serviceUrn(service);
    const place = { topic: event.topic, partition: 0, offset: String(this.#count), time: at };
    const { text, hash } = leafOf({ type: event.type, id: uuid(this.#count), source, subject, ...place }, value, salt);
    const line = canonical({
      seq: String(this.entries.length),
      leaf: text,
      value: value.toString('base64'),
      salt: salt.toString('base64'),
    });
    this.entries.push({ line, hash });
    return this;
  }

  registered(): this {
    const entries = [
      { kind: 'agents' as const, id: 'refunder-1', spec: agentSpec(this.key) },
      { kind: 'groups' as const, id: 'finance', spec: { members: ['mia', 'max'], channel: {} } },
      ...['mia', 'max'].map((id) => ({ kind: 'people' as const, id, spec: personSpec(id) })),
    ];
    for (const entry of entries) {
      const data = { kind: entry.kind, id: entry.id, version: 1, entry: signEntry(this.gate, entry) };
      this.say(registryChanged, 'registry', `${entry.kind}:${entry.id}`, data);
    }
    return this;
  }

  /** Asked over HTTP: the agent signs for another door than the topic. */
  askedAt(door: string): this {
    this.#door = door;
    return this;
  }

  accepted(n: number): this {
    const { request, who } = this.#asked(n);
    return this.say(actionAccepted, 'intake', who.action_id, { ...who, request });
  }

  allowed(n: number): this {
    const { who, evidence } = this.#judged(n, undefined);
    return this.say(policyAllowed, 'policy', who.action_id, { ...who, evidence });
  }

  approvalRequired(n: number): this {
    const { who, evidence } = this.#judged(n, planOfTwo);
    return this.say(policyApprovalRequired, 'policy', who.action_id, { ...who, evidence });
  }

  /** @param more what the event says otherwise than approvals signed */
  closed(n: number, more: Partial<SaidClosing> = {}): this {
    const { who } = this.#asked(n);
    const said: SaidClosing = {
      ...who, review_id: uuid(600 + n), rule: 'EMERG-001', group: 'soc-lead', verdict: 'fit', reason: 'fine', by: 'mia', closed_at: at,
    }; // prettier-ignore
    const signed = { gate: this.gate.id, ...said, iat: 1_795_000_000 };
    const closing = this.gate.keyring('approvals').sign('vote', signed, 'sallyport-closing+jws');
    return this.say(reviewClosed, 'approvals', who.action_id, { ...said, ...more, closing });
  }

  /** @param voters who approved; the plan wants two of `finance` */
  granted(n: number, voters: string[], more: Partial<Granting> = {}): this {
    const { who, evidence, digest } = this.#judged(n, planOfTwo);
    const votes = voters.map((person, index) => this.#vote({ person, digest, n, index }));
    const granting = this.gate.keyring('approvals').sign('vote', {
      gate: this.gate.id, ...who, action_digest: digest, plan_digest: planDigest(planOfTwo), votes: votesNamed(votes), granted_at: at,
      iat: 1_795_000_000, ...more,
    }, 'sallyport-granting+jws'); // prettier-ignore
    const data = { ...who, evidence: { ...evidence, votes }, granting, granted: { ttl_seconds: 300, uses: 1 } };
    return this.say(approvalGranted, 'approvals', who.action_id, data);
  }

  released(n: number): this {
    const { who } = this.#asked(n);
    const outcome = this.#outcome(n, 'released', 'policy_allowed');
    return this.say(leaseReleased, 'credentials', who.action_id, {
      ...who,
      lease_id: uuid(900 + n),
      expires_at: at,
      outcome,
    });
  }

  /** @param more what the event says otherwise than credentials signed */
  replayed(n: number, more: Partial<SaidReplay> = {}): this {
    const { who } = this.#asked(n);
    const said: SaidReplay = { ...who, lease_id: uuid(900 + n), why: 'other_key', jkt: 'A'.repeat(43), ends: false };
    const replay = signReplay(this.gate.keyring('credentials'), said, new Date(at));
    return this.say(leaseReplayed, 'credentials', who.action_id, { ...said, ...more, replay });
  }

  ended(n: number): this {
    const { who } = this.#asked(n);
    const outcome = this.#outcome(n, 'ended', 'ttl');
    return this.say(leaseEnded, 'credentials', who.action_id, {
      ...who,
      lease_id: uuid(900 + n),
      code: 'ttl',
      outcome,
    });
  }

  /** The signed checkpoint of the log as it stands. */
  checkpoint(): string {
    const head = append(emptyFrontier, this.entries.map(({ hash }) => hash)); // prettier-ignore
    return signNote(
      formatCheckpoint({ origin: this.origin, size: head.size, root: rootOf(head) }),
      this.origin,
      this.#checkpointKey(),
    );
  }

  write(folder: string): void {
    mkdirSync(folder, { recursive: true });
    const keys = canonical(readTrustFile(this.gate.trustFile));
    const [entriesHash, keysHash] = [new LineHash(), new LineHash()];
    for (const { line } of this.entries) entriesHash.add(line);
    keysHash.add(keys);
    const manifest = manifestText(this.origin, BigInt(this.entries.length), entriesHash.done(), keysHash.done());
    const files = {
      checkpoint: this.checkpoint(),
      'keys.json': `${keys}\n`,
      'entries.ndjson': this.entries.map(({ line }) => `${line}\n`).join(''),
      manifest: signNote(manifest, this.origin, this.#checkpointKey()),
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  }

  #checkpointKey() {
    return this.gate.keyring('audit').keyFor('checkpoint').privateKey;
  }

  #asked(n: number) {
    const actionId = uuid(500 + n);
    const who = { action_id: actionId, agent_id: 'refunder-1' };
    const ce = requestAttributes(who.agent_id, actionId);
    const data = requestData(n);
    const value = JSON.stringify(data);
    const signature = signRequest(this.key.signing, value, {
      aud: this.#door ?? `${this.gate.id}/sallyport.requests.v1`,
      iat: 1_795_000_000,
      ce,
    });
    const digest = actionDigest({ id: actionId, source: agentUrn(who.agent_id), data });
    const acceptance = this.gate.keyring('intake').sign('acceptance', {
      gate: this.gate.id, action_id: actionId, action_digest: digest, agent: { id: who.agent_id, version: 1 }, ce, received_at: at,
    }); // prettier-ignore
    return { who, request: { value, signature, acceptance }, digest };
  }

  #judged(n: number, plan: Plan | undefined) {
    const { who, request, digest } = this.#asked(n);
    const facts = { 'resource.environment': { value: 'production', source: 'registry', at } };
    const verdict: Verdict = {
      gate: this.gate.id, purpose: 'first', action_id: who.action_id, agent: { id: who.agent_id, version: 1 }, action_digest: digest,
      outcome: plan === undefined ? 'allow' : 'require_approval', code: plan === undefined ? 'policy_allowed' : 'approved',
      ...(plan && { plan }),
      grant: {
        profile: { id: 'refunds', version: 1 }, ttl_seconds: 300, uses: 1, offer_ttl_seconds: 300,
        scope: { action: 'payment.refund', resource: { type: 'ledger', id: 'prod/payments' } },
      },
      obligations: { notify: [] }, findings: [], facts_digest: digestOf(facts), bundle_digest: digestOfBytes('bundle'),
      iat: 1_795_000_000, exp: 1_795_000_300,
    }; // prettier-ignore
    return { who, digest, evidence: { request, verdict: this.gate.keyring('policy').sign('verdict', verdict), facts } };
  }

  #vote({ person, digest, n, index }: { person: string; digest: string; n: number; index: number }) {
    const ring = this.gate.keyring('approvals');
    const key = this.#voter(person);
    const vote = signVote(key, {
      gate: this.gate.id, action_id: uuid(500 + n), action_digest: digest, plan_digest: planDigest(planOfTwo), view_digest: digest,
      variant: 'full', decision: 'approve', reason: 'fine', confirmed: [], jti: uuid(700 + n * 10 + index), iat: Date.parse(at) / 1_000,
    }); // prettier-ignore
    const counting = ring.sign('vote', {
      gate: this.gate.id, action_id: uuid(500 + n), proof_digest: digestOfBytes(vote), person, person_version: 1,
      seat: { stage: 1, group: { id: 'finance', version: 1 } }, received_at: at,
    }, 'sallyport-counting+jws'); // prettier-ignore
    const said = {
      thumbprint: key.kid,
      iss: 'https://idp.example',
      sub: person,
      until: Date.parse(at) / 1_000 + 28_000,
    };
    return { vote, counting, person_key: signPersonKey(this.gate.keyring('credentials'), said) };
  }

  #voter(person: string): SigningKey {
    const key = this.#voters.get(person) ?? signingKey(generatePrivateJwk('P-256'));
    this.#voters.set(person, key);
    return key;
  }

  #outcome(n: number, outcome: OutcomeName, code: string) {
    const { who, digest } = this.#asked(n);
    const value: OutcomeValue = { action_id: who.action_id, action_digest: digest, outcome, code, reasons: [code] };
    const ce = outcomeAttributes(uuid(800 + this.#count), 'credentials', outcome);
    return signOutcome(this.gate.keyring('credentials'), { agentId: who.agent_id, ce, value });
  }
}

const planOfTwo: Plan = {
  stages: [{ stage: 1, group: 'finance', quorum: 2, confirmations: [] }],
  excluded: [],
  deadline_at: '2026-11-24T11:00:00.000Z',
  step_up: false,
};

function requestData(n: number) {
  return {
    subject: { type: 'agent', id: 'refunder-1' },
    action: { name: 'payment.refund', properties: { amount_minor: 100 + n } },
    resource: { type: 'ledger', id: 'prod/payments' },
    context: { justification: 'a refund' },
    requested_access: { profile: 'refunds', ttl_seconds: 300 },
  };
}

function agentSpec(key: TestKey) {
  return {
    jwks: { keys: [key.jwk] }, owner: 'olga', principals: [], scope: [{ actions: ['payment.refund'], resources: ['prod/payments'] }],
    limits: [], requests_per_minute: 600, environment: 'production' as const, state: 'active' as const,
  }; // prettier-ignore
}

function personSpec(id: string) {
  return { identities: [{ iss: 'https://idp.example', sub: id }], name: id, limits: [], state: 'active' as const };
}

export function flipByte(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}
