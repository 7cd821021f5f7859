import type { Known, RegistryKind, SpecOf } from '#contracts';
import { isKnown, RegistryClient, RegistryCopy, type CopyEntry, type KnownOf, type Looked, type Wanted } from '#facts';
import { Fault } from '#platform';

export function known<K extends RegistryKind>(
  kind: K,
  id: string,
  spec: SpecOf<K>,
  more: { version?: number; by?: string } = {},
): Known<K> {
  const { version = 1, by = 'rita' } = more;
  return { kind, id, version, changed_by: by, changed_at: '2026-11-20T08:00:00.000Z', spec };
}

const person = (id: string, state: 'active' | 'inactive' = 'active'): Known<'people'> =>
  known('people', id, { identities: [{ iss: 'https://idp.example', sub: `sub-${id}` }], name: id, limits: [], state });

export const aPerson = person;

export function anAgent(
  over: Partial<SpecOf<'agents'>> = {},
  more: { version?: number; by?: string; id?: string } = {},
): Known<'agents'> {
  const spec: SpecOf<'agents'> = {
    jwks: { keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'x', kid: 'k'.repeat(43), use: 'sig' }] },
    owner: 'olga',
    principals: [],
    scope: [
      { actions: ['payment.refund', 'payment.transfer'], resources: ['payments/*'] },
      { actions: ['db.schema.migrate'], resources: ['prod/**', 'staging/**'] },
      { actions: ['data.share'], resources: ['prod/customers'] },
      { actions: ['workload.quarantine'], resources: ['workloads/*'] },
    ],
    limits: [{ currency: 'EUR', single_minor: 5_000, daily_minor: 50_000 }],
    requests_per_minute: 600,
    environment: 'production',
    state: 'active',
    ...over,
  };
  return known('agents', more.id ?? 'agent-1', spec, more);
}

export function aResource(id: string, type: string, over: Partial<SpecOf<'resources'>> = {}): Known<'resources'> {
  const spec: SpecOf<'resources'> = {
    type, environment: 'production', owner_group: 'security', classification: 'confidential', criticality: 'high', windows: [], fields: [],
    ...over,
  }; // prettier-ignore
  return known('resources', id, spec);
}

export function aProfile(
  id: string,
  actions: string[],
  resources: string[],
  over: Partial<SpecOf<'profiles'>> = {},
): Known<'profiles'> {
  const spec: SpecOf<'profiles'> = {
    issuer: 'token', target: 'tool-1', actions, resources, max_ttl_seconds: 3_600, uses: 1, requires_person: false, min_quorum: 0, ...over,
  }; // prettier-ignore
  return known('profiles', id, spec);
}

export const saturdayNight = {
  kind: 'weekly',
  id: 'mw-saturday-night',
  weekday: 6,
  from: '22:00',
  minutes: 240,
  time_zone: 'Europe/Berlin',
} as const;
/** Inside that window, and a day before it. */
export const inWindow = new Date('2026-11-21T22:30:00.000Z');
export const outsideWindow = new Date('2026-11-20T22:30:00.000Z');

const field = (name: string, classification: 'internal' | 'restricted', secret = false) => ({
  name,
  classification,
  secret,
});

/** A small company: what every spec starts from. */
export function entries(): CopyEntry[] {
  const action = (id: string): Known<'action-types'> =>
    known('action-types', id, { properties_schema: {}, risk: 'high', view: '' });
  return [
    anAgent(),
    ...['olga', 'rita', 'anna', 'sam', 'paul'].map((id) => person(id)),
    known('groups', 'soc-lead', { members: ['sam'], channel: {} }),
    ...['payment.refund', 'payment.transfer', 'db.schema.migrate', 'data.share', 'workload.quarantine'].map(action),
    aResource('payments/shop', 'payments.ledger'),
    aResource('prod/orders', 'postgres.database', { windows: [saturdayNight] }),
    aResource('staging/orders', 'postgres.database', { environment: 'staging' }),
    aResource('prod/customers', 'postgres.table', {
      fields: [field('city', 'internal'), field('iban', 'internal', true), field('health', 'restricted')],
    }),
    aResource('workloads/web-7', 'workload'),
    aProfile('refunds', ['payment.refund', 'payment.transfer'], ['payments/shop']),
    aProfile('orders-ddl', ['db.schema.migrate'], ['prod/orders'], { issuer: 'postgres-role', target_profile: 'ddl' }),
    aProfile('share-once', ['data.share'], ['prod/customers']),
    aProfile('quarantine', ['workload.quarantine'], ['workloads/*']),
    known('counterparties', 'acme', {
      name: 'Acme',
      approved: true,
      dpa: true,
      country: 'DE',
      entitlements: ['prod/customers#city'],
    }),
  ];
}

export function anIncident(over: Partial<SpecOf<'incidents'>> = {}, by = 'sam'): Known<'incidents'> {
  const spec: SpecOf<'incidents'> = {
    severity: 'sev1', playbook: 'contain', actions: ['workload.quarantine'], resources: ['workloads/**'], ends_at: '2099-01-01T00:00:00.000Z',
    ...over,
  }; // prettier-ignore
  return known('incidents', 'INC-77', spec, { by });
}

/** The registry as a service meets it: its copy, and the doors of the registry itself, which may know more or not answer. */
export class FakeRegistry extends RegistryClient {
  readonly copy = new RegistryCopy();
  private readonly versions: CopyEntry[] = [];
  isDown = false;

  constructor(known: readonly CopyEntry[] = entries()) {
    super();
    for (const entry of known) this.put(entry);
  }

  put(entry: CopyEntry, { copied = true } = {}): void {
    this.versions.push(entry);
    if (copied) this.copy.take([entry]);
  }

  /** Puts a changed spec as the next version. */
  change<K extends RegistryKind>(
    kind: K,
    id: string,
    over: Partial<SpecOf<K>>,
    more: { copied?: boolean; by?: string } = {},
  ): void {
    const old = this.newest(kind, id);
    if (old === undefined) throw new TypeError(`no ${kind} ${id}`);
    const next = {
      ...old,
      version: old.version + 1,
      changed_by: more.by ?? old.changed_by,
      spec: { ...old.spec, ...over },
    };
    this.put(next as CopyEntry, more);
  }

  private newest<K extends RegistryKind>(kind: K, id: string): Known<K> | undefined {
    const found = this.versions.findLast((entry) => entry.kind === kind && entry.id === id);
    return isKnown(found, kind) ? found : undefined;
  }

  override lookup({ entries: wanted = [] }: { entries?: Wanted[] }): Promise<Looked> {
    if (this.isDown) return Promise.reject(new Fault('registry_unavailable', { retryable: true }));
    const found = wanted.map(({ kind, id, version }) =>
      this.versions.findLast(
        (entry) => entry.kind === kind && entry.id === id && entry.version === (version ?? entry.version),
      ),
    );
    return Promise.resolve({
      entries: found.map((entry) => (entry === undefined ? null : { jws: '', entry })),
      kids: [],
    });
  }

  override async current<K extends RegistryKind>(wanted: Wanted<K>[]): Promise<(KnownOf<K> | null)[]> {
    const { entries: found } = await this.lookup({ entries: wanted });
    return wanted.map(({ kind }, index) => {
      const entry = found[index]?.entry;
      return isKnown(entry, kind) ? (entry as KnownOf<K>) : null;
    });
  }

  override byKids(): Promise<never[]> {
    return Promise.resolve([]);
  }
}
