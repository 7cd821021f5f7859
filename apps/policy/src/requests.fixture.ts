import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { agentUrn, requestType, type Acceptance, type RequestEvidence, type RequestValue } from '#contracts';
import { newId } from '#platform';
import { actionDigest, generateKeys, Keyring, Trust } from '#trust';

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

interface Shape {
  action: string;
  properties: Record<string, unknown>;
  resource: RequestValue['resource'];
  profile: string;
}

const shapes = {
  refund: {
    action: 'payment.refund',
    properties: { order: 'ord-1', amount_minor: 4_000, currency: 'EUR' },
    resource: { type: 'payments.ledger', id: 'payments/shop' },
    profile: 'refunds',
  },
  migrate: {
    action: 'db.schema.migrate',
    properties: { statement: 'ALTER TABLE orders ADD COLUMN note text' },
    resource: { type: 'postgres.database', id: 'prod/orders' },
    profile: 'orders-ddl',
  },
  share: {
    action: 'data.share',
    properties: { counterparty: 'acme', fields: ['city'], rows: ['c-1', 'c-2'] },
    resource: { type: 'postgres.table', id: 'prod/customers' },
    profile: 'share-once',
  },
  quarantine: {
    action: 'workload.quarantine',
    properties: { reason: 'beaconing' },
    resource: { type: 'workload', id: 'workloads/web-7' },
    profile: 'quarantine',
  },
} satisfies Record<string, Shape>;

export type Story = keyof typeof shapes;

export interface RequestChanges {
  agentId?: string;
  name?: string;
  properties?: Record<string, unknown>;
  resource?: RequestValue['resource'];
  context?: Partial<RequestValue['context']>;
  access?: Partial<RequestValue['requested_access']>;
}

/** What an agent of one of the four stories asks for. */
export function aRequest(story: Story, changes: RequestChanges = {}): RequestValue {
  const shape: Shape = shapes[story];
  const plan = story === 'migrate' ? { change: { rollback_plan: 'ALTER TABLE orders DROP COLUMN note' } } : {};
  return {
    subject: { type: 'agent', id: changes.agentId ?? 'agent-1' },
    action: { name: changes.name ?? shape.action, properties: { ...shape.properties, ...changes.properties } },
    resource: changes.resource ?? shape.resource,
    context: { justification: 'because', ...plan, ...changes.context },
    requested_access: { profile: shape.profile, ttl_seconds: 300, ...changes.access },
  };
}

/** A request as intake accepted it. */
export interface Accepted {
  actionId: string;
  agentId: string;
  digest: string;
  request: RequestEvidence;
}

export function accept(
  gate: TestGate,
  value: RequestValue,
  more: { actionId?: string; agentVersion?: number } = {},
): Accepted {
  const { actionId = newId(), agentVersion = 1 } = more;
  const agentId = value.subject.id;
  const ce = { id: actionId, source: agentUrn(agentId), type: requestType };
  const digest = actionDigest({ id: ce.id, source: ce.source, data: value });
  const acceptance: Acceptance = {
    gate: gate.trust.gate,
    action_id: actionId,
    action_digest: digest,
    agent: { id: agentId, version: agentVersion },
    ce,
    received_at: '2026-11-21T22:30:00.000Z',
  };
  const signed = gate.keyring('intake').sign('acceptance', acceptance);
  return {
    actionId,
    agentId,
    digest,
    request: { value: JSON.stringify(value), signature: 'e30..AA', acceptance: signed },
  };
}
