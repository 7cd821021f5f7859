import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  agentUrn, requestType, type Acceptance, type Facts, type Finding, type Known, type Plan, type RegistryEntry,
  type RequestValue, type Verdict, type VerdictEvidence,
} from '#contracts'; // prettier-ignore
import { newId } from '#platform';
import { actionDigest, digestOf, generateKeys, Keyring, Trust } from '#trust';
import { agentId, planOf, stageOf } from './core/plan.fixture.js';

/** A gate with fresh keys. */
export interface TestGate {
  trust: Trust;
  keyring: (service: string) => Keyring;
}

export function makeGate(): TestGate {
  const dir = mkdtempSync(join(tmpdir(), 'sallyport-keys-'));
  try {
    const { keysFiles, trustFile } = generateKeys('gate.test.example', join(dir, 'keys'));
    const rings = new Map(Object.entries(keysFiles).map(([service, path]) => [service, Keyring.read(path)]));
    const keyring = (service: string): Keyring => {
      const found = rings.get(service);
      if (found === undefined) throw new TypeError(`no keys of ${service}`);
      return found;
    };
    return { trust: Trust.read(trustFile), keyring };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** What intake hands on about one request. */
export interface Accepted {
  actionId: string;
  actionDigest: string;
  value: RequestValue;
  request: VerdictEvidence['request'];
}

export function accept(
  gate: TestGate,
  more: { context?: Partial<RequestValue['context']>; action?: RequestValue['action']; actionId?: string } = {},
): Accepted {
  const actionId = more.actionId ?? newId();
  const value: RequestValue = {
    subject: { type: 'agent', id: agentId },
    action: more.action ?? {
      name: 'db.schema.migrate',
      properties: { statement: 'ALTER TABLE orders ADD COLUMN note text' },
    },
    resource: { type: 'postgres.database', id: 'prod/orders' },
    context: { justification: 'support needs notes', ...more.context },
    requested_access: { profile: 'orders-ddl', ttl_seconds: 300 },
  };
  const ce = { id: actionId, source: agentUrn(agentId), type: requestType };
  const digest = actionDigest({ id: ce.id, source: ce.source, data: value });
  const acceptance: Acceptance = {
    gate: gate.trust.gate,
    action_id: actionId,
    action_digest: digest,
    agent: { id: agentId, version: 1 },
    ce,
    received_at: '2026-05-04T12:00:00.000Z',
  };
  const signed = gate.keyring('intake').sign('acceptance', acceptance);
  return {
    actionId,
    actionDigest: digest,
    value,
    request: {
      value: JSON.stringify(value),
      signature: `${Buffer.from('{"alg":"Ed25519","kid":"k"}').toString('base64url')}..AA`,
      acceptance: signed,
    },
  };
}

const needsPeople: Finding = {
  rule: 'DB-001',
  title: 'Production schema change',
  effect: 'require_approval',
  code: 'production_change',
  params: {},
  severity: 'high',
  controls: ['ASI02'],
};

/** In an hour, by the clock of the machine that the database runs on too. */
export const soon = (seconds = 3_600): string => new Date(Date.now() + seconds * 1_000).toISOString();

export function judge(
  gate: TestGate,
  accepted: Accepted,
  more: Partial<Verdict> & { facts?: Facts } = {},
): VerdictEvidence {
  const {
    facts = { 'resource.environment': { value: 'production', source: 'registry', at: '2026-05-04T12:00:00.000Z' } },
    ...rest
  } = more;
  const iat = Math.floor(Date.now() / 1_000);
  const verdict: Verdict = {
    gate: gate.trust.gate,
    purpose: 'first',
    action_id: accepted.actionId,
    agent: { id: agentId, version: 1 },
    action_digest: accepted.actionDigest,
    outcome: 'require_approval',
    code: 'approved',
    plan: planOf([stageOf()], { deadline_at: soon() }),
    grant: {
      profile: { id: 'orders-ddl', version: 1 },
      ttl_seconds: 300,
      uses: 1,
      scope: { action: 'db.schema.migrate', resource: { type: 'postgres.database', id: 'prod/orders' } },
      offer_ttl_seconds: 300,
    },
    obligations: { notify: ['security'] },
    findings: [needsPeople],
    facts_digest: digestOf(facts),
    bundle_digest: digestOf({}),
    iat,
    exp: iat + 3_900,
    ...rest,
  };
  return {
    request: accepted.request,
    verdict: gate.keyring('policy').sign('verdict', withoutUndefined(verdict)),
    facts,
  };
}

/** A verdict that wants nobody has no plan at all. */
function withoutUndefined(verdict: Verdict): Verdict {
  return JSON.parse(JSON.stringify(verdict)) as Verdict;
}

export const plans = {
  one: (more: Partial<Plan> = {}): Plan => planOf([stageOf()], { deadline_at: soon(), ...more }),
  two: (more: Partial<Plan> = {}): Plan => planOf([stageOf({ quorum: 2 })], { deadline_at: soon(), ...more }),
};

/** An entry as the registry signs it. */
export function signEntry(gate: TestGate, known: Known<'agents'>): string {
  const { changed_at, changed_by, id, kind, spec, version } = known;
  const entry: RegistryEntry = {
    gate: gate.trust.gate,
    kind,
    id,
    version,
    deleted: false,
    spec,
    changed_by,
    changed_at,
  };
  return gate.keyring('registry').sign('registry', entry);
}
