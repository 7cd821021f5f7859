import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import {
  personKeyAnswer,
  type ApprovalAnswer,
  type DelegateBody,
  type RegistryKind,
  type SpecOf,
  type VoteBody,
} from '#contracts';
import { newId, type ServiceName } from '#platform';
import { SallyportAgent, ToolGate, type Asked, type Lease } from '#sdk';
import {
  callHeaders, delegationOn, generatePrivateJwk, keyNonce, freshSecret, publicPart, signDelegation, signingKey, signVote, thumbprint, Trust, voteOn,
  type CallParts, type PrivateJwk, type SigningKey,
} from '#trust'; // prettier-ignore
import { stringify } from 'yaml';
import { freePortsOfWorld } from '../../tools/world/ports-of-world.js';
import { World } from '../../tools/world/world.js';
import { closeDatabases, closeProcesses, noteCredential, notePrivateParts } from './canaries.js';
import { eventually } from './eventually.js';
import { TestIssuer } from './issuer.js';
import { PostOffice } from './post-office.js';

type Environment = Record<string, string | undefined>;

export interface GateWish {
  dir: string;
  agents: number;
  /** As in World: whether what is written survives the machine. */
  durable?: boolean;
  services?: Partial<Record<ServiceName, Environment>>;
  /** Where the bearer token lies with which the identity provider pushes people and groups; without it it does not. */
  scimTokenFile?: string;
  /** Requests per minute that each agent may make. */
  perMinute?: number;
}

export interface TestAgent {
  id: string;
  signing: PrivateJwk;
  encryption: PrivateJwk;
  sdk: SallyportAgent;
}

/** Notes what it is given, so that it is looked for afterwards. */
class NotingAgent extends SallyportAgent {
  override async redeem(...asked: Parameters<SallyportAgent['redeem']>): Promise<Lease> {
    const lease = await super.redeem(...asked);
    if (lease.result === undefined) noteCredential(lease.credential);
    return lease;
  }
}

export interface PersonsCall {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

/** What a person signs with. */
export interface Voter {
  key: SigningKey;
  statement: string;
}

/** People of the gate; `rita` registers. Nobody of them owns an agent but `olga`. */
const people = ['rita', 'olga', 'fiona', 'felix', 'greta', 'gustav', 'dana', 'dimitri', 'sam', 'aldo'];
const groups: Record<string, string[]> = {
  finance: ['fiona', 'felix'],
  'finance-directors': ['greta', 'gustav'],
  dba: ['dana', 'dimitri'],
  security: ['sam'],
  'soc-lead': ['sam'],
  auditors: ['aldo'],
};

/** A whole gate as processes, with agents that refund, people who decide, and a tool that consumes tokens. */
export class RunningGate {
  readonly agents: TestAgent[] = [];
  readonly toolKey = generatePrivateJwk('P-256');
  #tool: ToolGate | undefined;
  readonly #voters = new Map<string, Promise<Voter>>();

  private constructor(
    readonly world: World,
    readonly issuer: TestIssuer,
    readonly trust: Trust,
    private readonly toolServer: Server,
    readonly postOffice: PostOffice,
  ) {}

  static async start(wish: GateWish): Promise<RunningGate> {
    const issuer = await TestIssuer.start();
    mkdirSync(wish.dir, { recursive: true });
    const bootstrap = join(wish.dir, 'bootstrap.yaml');
    writeFileSync(bootstrap, bootstrapText(issuer.issuer));
    const pushing = wish.scimTokenFile && { name: 'idp', issuer: issuer.issuer, token_file: wish.scimTokenFile };
    const scim = pushing && { SALLYPORT_REGISTRY_SCIM_PROVIDERS: JSON.stringify([pushing]) };
    const ports = await freePortsOfWorld();
    const world = new World({
      dir: wish.dir,
      ports,
      external: {},
      durable: wish.durable ?? false,
      restart: false,
      env: process.env,
      common: { SALLYPORT_OIDC_ISSUERS: issuer.setting },
      services: {
        ...wish.services,
        registry: { SALLYPORT_REGISTRY_BOOTSTRAP_FILE: bootstrap, ...(scim || {}), ...wish.services?.registry },
      },
      agentTopics: [],
    });
    const toolServer = createServer((_, response) => response.writeHead(404).end());
    const postOffice = await PostOffice.at(ports.smtp);
    try {
      await world.startParts();
      await world.startServices();
      await once(toolServer.listen(0, '127.0.0.1'), 'listening');
      const gate = new RunningGate(
        world,
        issuer,
        Trust.read(join(wish.dir, 'secrets/keys/trust.json')),
        toolServer,
        postOffice,
      );
      await gate.#register(wish);
      return gate;
    } catch (error) {
      await Promise.all([world.killAll(), issuer.stop()]);
      toolServer.close();
      postOffice.close();
      throw error;
    }
  }

  get brokers(): string[] {
    return this.world.brokers.split(',');
  }

  get toolUrl(): string {
    return `http://127.0.0.1:${String((this.toolServer.address() as AddressInfo).port)}`;
  }

  /** The tool's side: spends tokens. */
  get tool(): ToolGate {
    const credentialsUrl = this.world.serviceUrl('credentials');
    this.#tool ??= new ToolGate({ toolUrl: this.toolUrl, key: this.toolKey, trust: this.trust, credentialsUrl });
    return this.#tool;
  }

  agent(index = 0): TestAgent {
    const agent = this.agents[index];
    if (agent === undefined) throw new RangeError(`there are ${String(this.agents.length)} agents`);
    return agent;
  }

  /** Calls a service as a person. */
  async as(person: string, service: ServiceName, path: string, call: PersonsCall = {}): Promise<Response> {
    const { body, headers, method = 'GET' } = call;
    const text = body === undefined ? undefined : JSON.stringify(body);
    const own = await this.headersOf(person, service, { method, path, body: text, ifMatch: headers?.['if-match'] });
    return fetch(this.world.serviceUrl(service) + path, {
      method,
      headers: { ...own, ...(text === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(text === undefined ? {} : { body: text }),
      signal: AbortSignal.timeout(15_000),
    });
  }

  /** A person's token, and that person's signature where the call changes something and does not prove itself. */
  async headersOf(
    person: string,
    service: ServiceName,
    { path, ...call }: Omit<CallParts, 'url'> & { path: string },
  ): Promise<Record<string, string>> {
    const base = this.world.serviceUrl(service);
    const token = { authorization: `Bearer ${await this.issuer.token(person, base)}` };
    const isInBody =
      path.endsWith('/votes') || path === '/v1/person-keys' || (call.method === 'POST' && path.endsWith('/delegate'));
    const provesItself = call.method === 'GET' || isInBody;
    return provesItself ? token : { ...callHeaders(await this.voter(person), { ...call, url: base + path }), ...token };
  }

  async put<K extends RegistryKind>(kind: K, id: string, spec: SpecOf<K>): Promise<void> {
    const answer = await this.as('rita', 'registry', `/v1/${kind}/${encodeURIComponent(id)}`, {
      method: 'PUT',
      body: spec,
    });
    if (!answer.ok) throw new Error(`${kind}/${id}: ${String(answer.status)} ${await answer.text()}`);
  }

  /** Registers an entry anew, from what it is now. */
  async change<K extends RegistryKind>(kind: K, id: string, how: (spec: SpecOf<K>) => SpecOf<K>): Promise<void> {
    const path = `/v1/${kind}/${encodeURIComponent(id)}`;
    const found = await this.as('rita', 'registry', path);
    const { spec } = (await found.json()) as { spec: SpecOf<K> };
    const headers = { 'if-match': found.headers.get('etag') ?? '' };
    const answer = await this.as('rita', 'registry', path, { method: 'PUT', body: how(spec), headers });
    if (!answer.ok) throw new Error(`${kind}/${id}: ${String(answer.status)} ${await answer.text()}`);
  }

  async approve(person: string, actionId: string): Promise<Response> {
    const path = `/v1/approvals/${actionId}`;
    const shown = await this.as(person, 'approvals', path);
    if (!shown.ok) return shown;
    const body = await this.signed(person, (await shown.json()) as ApprovalAnswer);
    return this.as(person, 'approvals', `${path}/votes`, { method: 'POST', body });
  }

  /** What this person would send to approve what is shown now. */
  async voteOf(person: string, actionId: string, said?: Pick<VoteBody, 'decision' | 'reason'>): Promise<object> {
    const shown = await this.as(person, 'approvals', `/v1/approvals/${actionId}`);
    return this.signed(person, (await shown.json()) as ApprovalAnswer, said);
  }

  /** A vote on the stage that is open, every point confirmed, signed with this person's own key. */
  async signed(
    person: string,
    { decision, progress, view_digest }: ApprovalAnswer,
    said: Pick<VoteBody, 'decision' | 'reason'> = { decision: 'approve', reason: 'checked' },
  ): Promise<object> {
    const own = progress.yours ?? progress.stage;
    const open = decision.stages.find(({ stage }) => stage === own);
    const confirmed = (open?.confirmations ?? []).map(({ id }) => id);
    const body = { ...said, view_digest, confirmed, ...(decision.parallel && { stage: own }) };
    const { key, statement } = await this.voter(person);
    const by = { gate: this.trust.gate, jti: newId(), now: Date.now() };
    return { ...body, proof: signVote(key, voteOn(decision, body, by)), person_key: statement };
  }

  /** What this person would send to give their seat in a request to another one, until it is over. */
  async delegationOf(person: string, actionId: string, to: string): Promise<DelegateBody> {
    const shown = await this.as(person, 'approvals', `/v1/approvals/${actionId}`);
    const { decision, progress } = (await shown.json()) as ApprovalAnswer;
    const said = { to, until: progress.deadline_at, reason: 'on leave' };
    const { key, statement } = await this.voter(person);
    const given = delegationOn(decision, said, { gate: this.trust.gate, jti: newId(), now: Date.now() });
    return { ...said, proof: signDelegation(key, given), person_key: statement };
  }

  /** The key that this person signs with, registered through the door as at a sign-in, once the gate knows the person. */
  voter(person: string): Promise<Voter> {
    const known = this.#voters.get(person) ?? eventually(() => this.newVoter(person), { withinMs: 30_000 });
    this.#voters.set(person, known);
    return known;
  }

  async newVoter(person: string): Promise<Voter> {
    const key = signingKey(generatePrivateJwk('P-256'));
    const random = freshSecret();
    const body = { id_token: await this.issuer.idToken(person, keyNonce(key.jwk, random)), jwk: key.jwk, random };
    const answer = await this.as(person, 'credentials', '/v1/person-keys', { method: 'POST', body });
    if (!answer.ok) throw new Error(`${person} has no key: ${String(answer.status)} ${await answer.text()}`);
    return { key, statement: personKeyAnswer.parse(await answer.json()).statement };
  }

  /** As above, as often as the plan is replaced because its facts have changed meanwhile. Throws when it cannot be approved. */
  async approved(person: string, actionId: string): Promise<void> {
    await eventually(async () => {
      const answer = await this.approve(person, actionId);
      if (!answer.ok) throw new Error(`${actionId}: ${String(answer.status)} ${await answer.text()}`);
    }, { withinMs: 60_000, everyMs: 100 }); // prettier-ignore
  }

  /** Registers other keys for an agent; what it was before stays as it is, and its keys are unknown from now on. */
  async newKeys(id: string): Promise<TestAgent> {
    const agent = this.#withFreshKeys(id);
    await this.change('agents', id, (spec) => ({ ...spec, jwks: publicKeysOf(agent) }));
    return agent;
  }

  /** Searches what is running and what is in the database for secrets; the folder is searched when it is removed. */
  async stop(): Promise<void> {
    try {
      closeProcesses();
      await closeDatabases(this.world.adminUrl);
    } finally {
      await this.world.stopAll();
      await this.issuer.stop();
      this.toolServer.close();
      this.postOffice.close();
    }
  }

  async #register({ agents, perMinute = 100_000 }: GateWish): Promise<void> {
    for (const [id, members] of Object.entries(groups))
      await this.put('groups', id, { members, channel: channelOf(id) });
    await this.put('action-types', 'payment.refund', refundType);
    await this.put('resources', 'payments/shop', shopPayments);
    const { kty, crv, x, y } = publicPart(this.toolKey);
    const jwk = { kty: kty as 'EC', crv: crv as 'P-256', x, kid: thumbprint(this.toolKey), use: 'sig' as const };
    const keys = [{ ...jwk, ...(y !== undefined && { y }) }];
    await this.put('targets', 'payment-tool', { kind: 'tool', base_url: this.toolUrl, jwks: { keys } });
    await this.put('profiles', 'refunds', refundProfile);
    await inTurns(agents, async (index) => this.#registerAgent(index, perMinute));
    await this.#untilKnown();
  }

  async #registerAgent(index: number, perMinute: number): Promise<void> {
    const agent = this.#withFreshKeys(`refunder-${String(index)}`);
    await this.put('agents', agent.id, {
      jwks: publicKeysOf(agent),
      owner: 'olga',
      principals: [],
      scope: [{ actions: ['payment.refund'], resources: ['payments/shop'] }],
      limits: [{ currency: 'EUR', single_minor: 5_000, daily_minor: 1_000_000_000 }],
      requests_per_minute: perMinute,
      most_waiting: { in_all: 10_000 },
      environment: 'production',
      state: 'active',
    });
    this.agents[index] = agent;
  }

  #withFreshKeys(id: string): TestAgent {
    const [signing, encryption] = [generatePrivateJwk('Ed25519'), generatePrivateJwk('P-256')];
    const urls = {
      intake: this.world.serviceUrl('intake'),
      notifier: this.world.serviceUrl('notifier'),
      credentials: this.world.serviceUrl('credentials'),
    };
    const { trust } = this;
    notePrivateParts('private keys of agents', JSON.stringify([signing, encryption]));
    const sdk = new NotingAgent({ agentId: id, signingKey: signing, encryptionKey: encryption, trust, urls });
    return { id, signing, encryption, sdk };
  }

  /** Copies of the registry follow by themselves; a first request is refused as unknown until intake and policy have the last agent. */
  async #untilKnown(): Promise<void> {
    await eventually(async () => {
      const last = this.agent(this.agents.length - 1);
      const ticket = await last.sdk.ask(refund(1));
      const { state } = await last.sdk.wait(ticket, { timeoutMs: 5_000 });
      if (state !== 'offered') throw new Error(`the first refund is ${state}`);
    }, { withinMs: 30_000 }); // prettier-ignore
  }
}

/** A refund of so many cents: up to 50 EUR the agent may by itself, above `finance` decides, above 10,000 EUR two directors. */
export function refund(amountMinor: number): Asked {
  return {
    action: { name: 'payment.refund', properties: { order: 'o-1', amount_minor: amountMinor, currency: 'EUR' } },
    resource: { type: 'payments.ledger', id: 'payments/shop' },
    context: { justification: 'the parcel came back' },
    requested_access: { profile: 'refunds', ttl_seconds: 300, uses: 1 },
  };
}

const refundType: SpecOf<'action-types'> = {
  risk: 'medium',
  view: 'Refund {amount_minor} {currency} of order {order}',
  properties_schema: {
    type: 'object',
    additionalProperties: false,
    required: ['order', 'amount_minor', 'currency'],
    properties: {
      order: { type: 'string', maxLength: 64 },
      amount_minor: { type: 'integer', minimum: 1 },
      currency: { type: 'string', pattern: '^[A-Z]{3}$' },
    },
  },
};

const shopPayments: SpecOf<'resources'> = {
  type: 'payments.ledger',
  environment: 'production',
  owner_group: 'finance',
  classification: 'confidential',
  criticality: 'high',
  windows: [],
  fields: [],
};

const refundProfile: SpecOf<'profiles'> = {
  issuer: 'token',
  target: 'payment-tool',
  actions: ['payment.refund'],
  resources: ['payments/shop'],
  max_ttl_seconds: 600,
  uses: 1,
  requires_person: false,
  min_quorum: 0,
};

function publicKeysOf({ signing, encryption }: TestAgent): SpecOf<'agents'>['jwks'] {
  return { keys: [publicKeyOf(signing, 'sig'), publicKeyOf(encryption, 'enc')] };
}

function publicKeyOf(key: PrivateJwk, use: 'sig' | 'enc'): SpecOf<'agents'>['jwks']['keys'][number] {
  const { kty, crv, x, y } = publicPart(key);
  const common = { kty: kty as 'EC' | 'OKP', crv: crv as 'P-256' | 'Ed25519', x, kid: thumbprint(key), use };
  return y === undefined ? common : { ...common, y };
}

/** Where a group is told; one without is asked for nothing. */
export const channelOf = (group: string): { mail: string } => ({ mail: `${group}@shop.example` });

function bootstrapText(iss: string): string {
  const limits = [{ amount_minor: 100_000_000, currency: 'EUR' }];
  const persons = people.map((id) => ({
    kind: 'people',
    id,
    spec: { identities: [{ iss, sub: id }], name: id, limits, state: 'active' },
  }));
  const registrars = { kind: 'groups', id: 'registrars', spec: { members: ['rita'], channel: {} } };
  return [...persons, registrars].map((document) => stringify(document)).join('---\n');
}

/** Eight at a time. */
async function inTurns(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) await work(index);
  };
  await Promise.all(Array.from({ length: 8 }, lane));
}
