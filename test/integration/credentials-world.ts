import { expect } from '@jest/globals';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Kafka, logLevel, type Consumer, type Producer } from 'kafkajs';
import type pg from 'pg';
import {
  approvalGranted, leaseBundle, policyAllowed, registryChanged, serviceUrn, topics,
  type AgentKey, type Counting,
  type EventDefinition, type Plan, type Profile, type RegistryKind, type RequestValue, type SpecOf, type Target, type Verdict,
} from '#contracts'; // prettier-ignore
import { migrate, roleOf } from '#database';
import { RegistryCopy } from '#facts';
import { topicsApply, withKafkaAdmin } from '#messaging';
import { createApp, loadSettings, Log, newId } from '#platform';
import {
  callHeaders, decrypt, generatePrivateJwk, publicPart, thumbprint, type CallParts,
  type CallSigner, type PrivateJwk,
} from '#trust'; // prettier-ignore
import { settings as definition } from '../../apps/credentials/src/config.js';
import {
  agentId, aGranting, anAction, aPlan, aPlanned, aVerdict, aVote, aWorld, gateId, signVerdict, type Action, type Voter, type World,
} from '../../apps/credentials/src/core/evidence.fixture.js'; // prettier-ignore
import type { Minted } from '../../apps/credentials/src/io/issuers/issuer.js';
import { CredentialsModule, migrations } from '../../apps/credentials/src/credentials.module.js';
import { freePorts } from '../../tools/world/ports.js';
import { noteDelivered, notePrivateParts } from '../support/canaries.js';
import { eventually } from '../support/eventually.js';
import { startKafka, type TestKafka } from '../support/kafka.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { scratchFolder } from '../support/scratch.js';
import { inTransaction } from './admin-session.js';
import { read, type Answer } from './answers.js';
import { client, Peers, sources } from './credentials-peers.js';
import { proveCall } from './credentials-proving.js';
import { Said, type Alarm, type Seen, type Switched } from './credentials-said.js';
import { newSigner, newVoter, type Granted } from './credentials-voters.js';
import { minterSecret, startPostgresTarget, type PostgresTarget } from './postgres-target.js';

const password = 'only-for-this-test';

export { codeOf, type Answer } from './answers.js';

/**
 * The real service on a real Kafka, PostgreSQL and PostgreSQL target. Registry, policy and the identity provider are
 * played by one small server, which signs what they would sign; agents, tools and people come through the doors.
 */
export class CredentialsWorld {
  readonly toolKey = generatePrivateJwk('Ed25519');
  /** A second key of the same agent. */
  readonly secondKey = generatePrivateJwk('Ed25519');
  /** The key of another registered agent. */
  readonly otherKey = generatePrivateJwk('Ed25519');
  private readonly signers = new Map<string, CallSigner>();
  private readonly sequences = new Map<string, number>();
  private app: NestFastifyApplication | undefined;

  private readonly said: Said;

  private constructor(
    readonly keys: World,
    private readonly parts: Parts,
    private readonly settings: Record<string, string>,
  ) {
    this.said = new Said(keys);
  }

  /** @param settings of the service, where a spec is about them. */
  static async start(settings: Record<string, string> = {}): Promise<CredentialsWorld> {
    const keys = aWorld();
    notePrivateParts('private keys of agents', JSON.stringify(keys.agentKeys));
    const [kafka, postgres, target, peers] = await Promise.all([
      startKafka(),
      startPostgres(),
      startPostgresTarget(),
      Peers.start(keys),
    ]);
    const [port = 0] = await freePorts(1);
    const kafkaClient = new Kafka({ brokers: [kafka.brokers], clientId: 'spec', logLevel: logLevel.NOTHING });
    const parts = {
      kafka, postgres, target, port, peers, scratch: scratchFolder('credentials'), adminUrl: await postgres.freshDatabase(),
      producer: kafkaClient.producer({ allowAutoTopicCreation: false }),
      consumer: kafkaClient.consumer({ groupId: `spec-${newId()}`, maxWaitTimeInMs: 50 }),
    }; // prettier-ignore
    const world = new CredentialsWorld(keys, parts, settings);
    Object.assign(keys, { issuer: peers.url, time: () => new Date() });
    peers.judge = (action) => world.verdict(action);
    try {
      await world.prepare();
    } catch (error) {
      await world.remove();
      throw error;
    }
    return world;
  }

  get target(): PostgresTarget {
    return this.parts.target;
  }

  get url(): string {
    return `http://127.0.0.1:${String(this.parts.port)}`;
  }

  get toolUrl(): string {
    return 'https://tool.example/api';
  }

  get peers(): Peers {
    return this.parts.peers;
  }

  private async prepare(): Promise<void> {
    const { kafka, adminUrl, producer, consumer } = this.parts;
    await migrate(adminUrl, [{ service: 'credentials', password, migrations }]);
    const connection = { brokers: [kafka.brokers], clientId: 'spec' };
    const wanted = { partitions: 6, replicationFactor: 1, acls: false };
    await withKafkaAdmin(connection, quiet, (admin) => topicsApply(admin, wanted));
    await producer.connect();
    await this.listen(consumer);
    await this.registerAll();
    await this.startService();
  }

  /** The service as `start()` makes it, inside the spec's own process. */
  async startService(): Promise<void> {
    const { target, kafka, postgres, adminUrl, port, scratch } = this.parts;
    const dir = join(scratch.dir, 'keys');
    const keysFile = this.keysFile;
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'trust.json'), JSON.stringify(this.keys.files.trust));
    writeFileSync(keysFile, JSON.stringify(this.keys.files.keys.get('credentials')), { mode: 0o600 });
    const issuers = [
      { issuer: this.peers.url, jwks_uri: `${this.peers.url}/jwks`, clients: [client], native_clients: [client] },
    ];
    const settings = loadSettings(definition, {
      SALLYPORT_MODE: 'demo',
      SALLYPORT_GATE_ID: gateId,
      SALLYPORT_DATABASE_URL: postgres.urlAs(roleOf('credentials'), password, new URL(adminUrl).pathname.slice(1)),
      SALLYPORT_KAFKA_BROKERS: kafka.brokers,
      SALLYPORT_TRUST_FILE: join(dir, 'trust.json'),
      SALLYPORT_KEYS_FILE: keysFile,
      SALLYPORT_CREDENTIALS_PORT: String(port),
      SALLYPORT_CREDENTIALS_URL: this.url,
      SALLYPORT_POLICY_URL: this.peers.url,
      SALLYPORT_REGISTRY_URL: this.peers.url,
      SALLYPORT_OIDC_ISSUERS: JSON.stringify(issuers),
      SALLYPORT_CREDENTIALS_SECRETS_DIR: target.secretsDir,
      SALLYPORT_CREDENTIALS_MINT_SECONDS: '2',
      SALLYPORT_CREDENTIALS_RECONCILE_SECONDS: '1',
      ...this.settings,
    });
    this.app = await createApp({ name: 'credentials', settings, log: quiet }, CredentialsModule.forSettings(settings));
    await this.app.listen(port, '127.0.0.1');
    await this.app.startAllMicroservices();
  }

  get keysFile(): string {
    return join(this.parts.scratch.dir, 'keys', 'credentials.keys.json');
  }

  async stopService(): Promise<void> {
    await this.app?.close();
    this.app = undefined;
  }

  async remove(): Promise<void> {
    await this.stopService();
    const { producer, consumer, peers, kafka, postgres, target, scratch } = this.parts;
    await Promise.allSettled([producer.disconnect(), consumer.disconnect()]);
    await peers.stop();
    await Promise.all([kafka.remove(), postgres.remove(), target.remove()]);
    scratch.remove();
  }

  // What is registered.

  private async registerAll(): Promise<void> {
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

  // What the services before this one say.

  action(profile = 'orders-ddl', ttlSeconds = 300, uses = 1): Action {
    return this.actionWith({ requested_access: { profile, ttl_seconds: ttlSeconds, uses } });
  }

  actionWith(value: Partial<RequestValue>): Action {
    const action = anAction(this.keys, newId(), { value });
    this.peers.actions.set(action.actionId, action);
    return action;
  }

  plan(overrides: Partial<Plan> = {}): Plan {
    return aPlan({ deadline_at: new Date(Date.now() + 3_600_000).toISOString(), ...overrides });
  }

  verdict(action: Action, overrides: Partial<Verdict> = {}): Verdict {
    const iat = Math.floor(Date.now() / 1_000);
    return aVerdict(action, { iat, exp: iat + 300, ...overrides });
  }

  /** Policy allows it by itself. */
  async allow(action: Action, overrides: Partial<Verdict> = {}): Promise<void> {
    const verdict = signVerdict(this.keys, this.verdict(action, overrides));
    await this.say(policyAllowed, action, { evidence: { request: action.request, verdict, facts: {} } });
  }

  /** People grant it. `granting` is what approvals signs otherwise when it hands the action on. */
  async grant(
    action: Action,
    people: readonly string[] = ['ada'],
    { plan = this.plan(), granting: more = {}, confirmed = {}, seat = this.seat() }: Granted = {},
  ): Promise<void> {
    const iat = Math.floor(Date.now() / 1_000);
    const verdict = signVerdict(this.keys, aPlanned(action, plan, { iat }));
    for (const person of people) await this.voter(person);
    const votes = people.map((person) => {
      const step_up = confirmed[person];
      return {
        ...aVote(this.keys, { action, plan, person }, { counting: { seat } }),
        ...(step_up !== undefined && { step_up }),
      };
    });
    const evidence = { request: action.request, verdict, facts: {}, votes };
    const granting = aGranting(this.keys, { action, plan, votes }, more);
    await this.say(approvalGranted, action, { evidence, granting, granted: { ttl_seconds: 300, uses: 1 } });
  }

  private seat(): Counting['seat'] {
    return { stage: 1, group: { id: 'dba', version: this.peers.versionOf('groups', 'dba') } };
  }

  /** This person's key, registered through the door as at a sign-in. */
  async voter(person: string): Promise<Voter> {
    const known = this.keys.voters.get(person) ?? (await newVoter(this, person));
    this.keys.voters.set(person, known);
    return known;
  }

  say(event: EventDefinition, { actionId, agentId: agent }: Action, data: object): Promise<void> {
    const sequence = (this.sequences.get(actionId) ?? 0) + 1;
    this.sequences.set(actionId, sequence);
    return this.produce(event, actionId, sequence, { action_id: actionId, agent_id: agent, ...data });
  }

  async produce(event: EventDefinition, key: string, sequence: number, data: object): Promise<void> {
    const source = Object.entries(sources).find(([topic]) => topic === event.topic)?.[1] ?? 'policy';
    const headers = {
      ce_specversion: '1.0', ce_id: newId(), ce_source: serviceUrn(source), ce_type: event.type, ce_subject: key,
      ce_sequence: String(sequence), ce_time: new Date().toISOString(), 'content-type': 'application/json',
    }; // prettier-ignore
    await this.parts.producer.send({ topic: event.topic, messages: [{ key, value: JSON.stringify(data), headers }] });
  }

  // What this service says.

  private async listen(consumer: Consumer): Promise<void> {
    await consumer.connect();
    await consumer.subscribe({ topics: [topics.leases], fromBeginning: true });
    await consumer.run({
      eachMessage: ({ message }) => {
        this.said.take(message);
        return Promise.resolve();
      },
    });
  }

  get seen(): readonly Seen[] {
    return this.said.seen;
  }

  /** What was said about the kill switch, each with its sequence. */
  get switched(): readonly Switched[] {
    return this.said.switched;
  }

  /** The alarms about a lease, by what they say. */
  alarms(leaseId: string): Alarm[] {
    return this.said.alarms.filter(({ lease_id }) => lease_id === leaseId);
  }

  /** Everything said about an action so far. */
  about({ actionId }: Action): Seen[] {
    return this.seen.filter(({ data }) => data.action_id === actionId);
  }

  outcomes(action: Action): string[] {
    return this.about(action).map(({ outcome, data }) =>
      data.code === undefined ? outcome : `${outcome}/${data.code}`,
    );
  }

  /** Waits until this was said about the action, and nothing else. */
  hears(action: Action, ...expected: string[]): Promise<void> {
    return eventually(() => {
      const heard = this.outcomes(action);
      if (JSON.stringify(heard) !== JSON.stringify(expected))
        throw new Error(`heard ${heard.join(', ')}; expected ${expected.join(', ')}`);
    });
  }

  /** Waits for the offer; answers the lease's id. */
  offered(action: Action): Promise<string> {
    return eventually(() => {
      const offer = this.about(action).find(({ outcome }) => outcome === 'offered');
      if (offer === undefined) throw new Error(`not offered but ${this.outcomes(action).join(', ')}`);
      return String(offer.data['lease_id']);
    });
  }

  // Who comes through the doors.

  /** A call with a proof of this key, the agent's own by default. */
  prove(
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    key: PrivateJwk = this.keys.agentKeys.sig,
  ): Promise<Answer> {
    return proveCall({ method, url: this.url + path, body }, key);
  }

  redeem(leaseId: string, action: Action, key: PrivateJwk = this.keys.agentKeys.sig): Promise<Answer> {
    return this.prove('POST', `/v1/leases/${leaseId}/redeem`, { action_digest: action.digest }, key);
  }

  /** Who took a lease and what is kept of its answer, past every door. */
  async delivery(leaseId: string): Promise<Record<string, unknown>> {
    const [row = {}] = await this.admin('SELECT * FROM credentials.lease_deliveries WHERE lease_id = $1', [leaseId]);
    return row;
  }

  /** Opens a delivery as the agent does. */
  async credential({ status, text }: Answer): Promise<Minted> {
    if (status !== 200) throw new Error(`no delivery but ${String(status)} ${text}`);
    const opened = await decrypt(this.keys.agentKeys.enc, text);
    if (!opened.ok) throw new Error('the delivery does not open');
    const by = { purpose: 'lease', service: 'credentials', schema: leaseBundle } as const;
    const verified = this.keys.trust.verify(opened.jws, by);
    if (!verified.ok) throw new Error('the delivery is not signed by credentials');
    const { lease_id, action_digest } = verified.payload;
    if (opened.header.lease_id !== lease_id || opened.header.action_digest !== action_digest)
      throw new Error('mixed up');
    return noteDelivered(verified.payload);
  }

  async role(answer: Answer) {
    const credential = await this.credential(answer);
    if (credential.kind !== 'postgres') throw new TypeError('a role was asked for');
    return credential;
  }

  async token(answer: Answer) {
    const credential = await this.credential(answer);
    if (credential.kind !== 'token') throw new TypeError('a token was asked for');
    return credential;
  }

  complete(leaseId: string): Promise<Answer> {
    return this.prove('POST', `/v1/leases/${leaseId}/complete`);
  }

  /** What this person adds to a call that changes something. */
  async signed(sub: string, call: CallParts): Promise<Record<string, string>> {
    const signer = this.signers.get(sub) ?? (await newSigner(this, sub));
    this.signers.set(sub, signer);
    return callHeaders(signer, call);
  }

  async asPerson(sub: string, method: 'GET' | 'POST', path: string, body?: unknown): Promise<Answer> {
    const token = await this.peers.tokenFor(sub, this.url);
    const text = body === undefined ? undefined : JSON.stringify(body);
    const provesItself = method === 'GET' || path === '/v1/person-keys';
    const signed = provesItself ? {} : await this.signed(sub, { method, url: this.url + path, body: text });
    const headers = { ...signed, authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    return read(await fetch(this.url + path, { method, headers, ...(text !== undefined && { body: text }) }));
  }

  /** A part of the running service, for what no door can show. */
  part<T>(type: Type<T>): T {
    if (this.app === undefined) throw new TypeError('the service does not run');
    return this.app.get(type, { strict: false });
  }

  /** As the gate's own database sees a lease, past every door. */
  async row(leaseId: string): Promise<Record<string, unknown>> {
    const [row = {}] = await this.admin('SELECT * FROM credentials.leases WHERE lease_id = $1', [leaseId]);
    return row;
  }

  /** One statement as the owner of the gate's database. */
  async admin(sql: string, params: unknown[] = []): Promise<Record<string, unknown>[]> {
    return (await this.inTransaction((session) => session.query<Record<string, unknown>>(sql, params))).rows;
  }

  /** As the owner of the gate's database, committed when `work` is done. */
  inTransaction<T>(work: (session: pg.Client) => Promise<T>): Promise<T> {
    return inTransaction(this.parts.adminUrl, work);
  }
}

const listed = (key: PrivateJwk): AgentKey => ({ ...publicPart(key), kid: thumbprint(key), use: 'sig' }) as AgentKey;

interface Parts {
  kafka: TestKafka;
  postgres: TestPostgres;
  target: PostgresTarget;
  port: number;
  adminUrl: string;
  producer: Producer;
  consumer: Consumer;
  peers: Peers;
  scratch: ReturnType<typeof scratchFolder>;
}

const quiet = new Log(
  'credentials',
  'warn',
  process.env['SPEC_LOG'] === undefined ? { write: () => undefined } : process.stderr,
);
