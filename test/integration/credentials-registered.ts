import { expect } from '@jest/globals';
import { registryChanged, type AgentKey, type Profile, type RegistryKind, type SpecOf, type Target } from '#contracts';
import { RegistryCopy } from '#facts';
import { generatePrivateJwk, publicPart, thumbprint, type PrivateJwk } from '#trust';
import { agentId } from '../../apps/credentials/src/core/evidence.fixture.js';
import { eventually } from '../support/eventually.js';
import { RunningCredentials } from './running-credentials.js';
import { minterSecret } from './postgres-target.js';

/** What the registry says in this world: two agents, a tool, a database, people in three groups, and a profile of each kind. */
export class CredentialsRegistered extends RunningCredentials {
  readonly toolKey = generatePrivateJwk('Ed25519');
  /** A second key of the same agent. */
  readonly secondKey = generatePrivateJwk('Ed25519');
  /** The key of another registered agent. */
  readonly otherKey = generatePrivateJwk('Ed25519');

  get toolUrl(): string {
    return 'https://tool.example/api';
  }

  protected async registerAll(): Promise<void> {
    this.keys.agent.spec.jwks.keys.push(listed(this.secondKey));
    await this.register('agents', agentId, this.keys.agent.spec);
    const other = listed(this.otherKey);
    await this.register('agents', 'migrator-2', { ...this.keys.agent.spec, jwks: { keys: [other] } });
    await this.register('groups', 'dba', { members: ['ada', 'bob'], channel: {} });
    await this.register('groups', 'soc-lead', { members: ['sam'], channel: {} });
    await this.register('groups', 'auditors', { members: ['aud'], channel: {} });
    for (const id of ['ada', 'bob', 'olga', 'sam', 'aud', 'eve']) await this.person(id);
    await this.register('targets', 'orders-db', this.databaseTarget);
    await this.register('targets', 'sharing', this.toolTarget);
    for (const [id, spec] of Object.entries(this.profiles)) await this.register('profiles', id, spec);
  }

  person(id: string): Promise<void> {
    const identities = [{ iss: this.peers.url, sub: id }];
    return this.register('people', id, { identities, name: id, limits: [], state: 'active' });
  }

  get databaseTarget(): Target {
    const { postgres, database } = this.parts.target;
    return { kind: 'postgres', connection_secret: minterSecret, host: '127.0.0.1', port: postgres.port, database };
  }

  get toolTarget(): Target {
    const { kty, crv, x } = publicPart(this.toolKey);
    const keys = [{ kty: kty as 'OKP', crv: crv as 'Ed25519', x, kid: thumbprint(this.toolKey), use: 'sig' as const }];
    return { kind: 'tool', base_url: this.toolUrl, jwks: { keys } };
  }

  get profiles(): Record<string, Profile> {
    const run = this.profile({ issuer: 'postgres-brokered', max_rows: 100 });
    return { 'orders-ddl': this.profile({}), 'orders-run': run, share: this.profile({ issuer: 'token' }) };
  }

  /** Of roles, unless it is for the tool. */
  profile(overrides: Partial<Profile>): Profile {
    const common = {
      actions: ['db.schema.migrate'],
      resources: ['prod/*'],
      max_ttl_seconds: 600,
      requires_person: false,
      min_quorum: 0,
    };
    const role = { issuer: 'postgres-role', target: 'orders-db', uses: 1, target_profile: 'orders_ddl' } as const;
    const tokens = { issuer: 'token', target: 'sharing', uses: 3 } as const;
    return { ...common, ...(overrides.issuer === 'token' ? tokens : role), ...overrides };
  }

  /** A new version, which the registry answers at once and announces; `quietly` only answers it. */
  async register<K extends RegistryKind>(
    kind: K,
    id: string,
    spec: SpecOf<K>,
    { quietly = false } = {},
  ): Promise<void> {
    const { version, entry } = this.peers.register(kind, id, spec);
    if (quietly) return;
    await this.produce(registryChanged, `${kind}:${id}`, version, { kind, id, version, entry });
    await this.taken(kind, id, version);
  }

  /** Topics keep no order among each other: what is said next must not overtake the entry that it is about. */
  private async taken(kind: RegistryKind, id: string, version: number): Promise<void> {
    if (this.app === undefined) return;
    await eventually(() => {
      expect(this.part(RegistryCopy).versionOf(kind, id)).toBeGreaterThanOrEqual(version);
    });
  }

  suspend(state: 'suspended' | 'active', options = {}): Promise<void> {
    return this.register('agents', agentId, { ...this.keys.agent.spec, state }, options);
  }
}

const listed = (key: PrivateJwk): AgentKey => ({ ...publicPart(key), kid: thumbprint(key), use: 'sig' }) as AgentKey;
