import {
  agentUrn, type Acceptance, type Agent, type CountedVote, type Counting, type Granting, type Group, type Known, type Person, type Plan,
  type Profile, type RequestEvidence, type RequestValue, type SignedDelegation, type Verdict, type Vote,
} from '#contracts'; // prettier-ignore
import {
  Keyring,
  Trust,
  actionDigest,
  delegationOn,
  digestOf,
  digestOfBytes,
  generatePrivateJwk,
  keysOfServices,
  personKeySeconds,
  planDigest,
  publicPart,
  requestAttributes,
  signDelegation,
  signRequest,
  signPersonKey,
  signVote,
  signingKey,
  thumbprint,
  viewDigest,
  viewOf,
  votesNamed,
  type Evidence,
  type KeysFile,
  type PrivateJwk,
  type SigningKey,
  type Subject,
  type TrustFile,
} from '#trust';

export const gateId = 'gate.test.example';
export const agentId = 'migrator-1';
export const now = new Date('2026-11-24T12:00:00.000Z');
const seconds = now.getTime() / 1_000;
const instant = now.toISOString();

/** A gate with fresh keys in memory, and an agent with its own. */
export interface World {
  trust: Trust;
  files: { trust: TrustFile; keys: Map<string, KeysFile> };
  keyring: (service: string) => Keyring;
  agentKeys: { sig: PrivateJwk; enc: PrivateJwk };
  agent: Known<'agents'>;
  /** Where people sign in, what they vote with, and when they do. */
  issuer: string;
  voters: Map<string, Voter>;
  time: () => Date;
}

export function aWorld(): World {
  const trustFile: TrustFile = { version: 'sallyport.trust/1', gate: gateId, keys: [] };
  const files = new Map<string, KeysFile>();
  for (const [service, purposes] of Object.entries(keysOfServices)) {
    const keys = purposes.map((purpose) => ({ purpose, jwk: generatePrivateJwk('P-256') }));
    const named = keys.map(({ purpose, jwk }) => ({ kid: thumbprint(jwk), purpose, jwk }));
    const secrets = { nonce_key: 'A'.repeat(43), seal_key: 'B'.repeat(43) };
    files.set(service, { version: 'sallyport.keys/1', gate: gateId, service, ...secrets, keys: named });
    for (const { kid, purpose, jwk } of named) {
      trustFile.keys.push({ kid, purpose, service, jwk: { ...publicPart(jwk), kty: jwk.kty, crv: jwk.crv } });
    }
  }
  const agentKeys = { sig: generatePrivateJwk('Ed25519'), enc: generatePrivateJwk('P-256') };
  const keyring = (service: string): Keyring => new Keyring(files.get(service) as KeysFile);
  const agent = known('agents', agentId, anAgent(agentKeys));
  const people = { issuer: 'https://idp.example', voters: new Map<string, Voter>(), time: () => now };
  return {
    trust: new Trust(trustFile),
    files: { trust: trustFile, keys: files },
    keyring,
    agentKeys,
    agent,
    ...people,
  };
}

export function known<K extends 'agents' | 'groups' | 'people' | 'profiles' | 'targets'>(
  kind: K,
  id: string,
  spec: Known<K>['spec'],
  version = 1,
): Known<K> {
  return { kind, id, version, changed_by: 'rita', changed_at: instant, spec };
}

function anAgent({ sig, enc }: World['agentKeys']): Agent {
  const listed = (jwk: PrivateJwk, use: 'sig' | 'enc') => ({ ...publicPart(jwk), kid: thumbprint(jwk), use });
  return {
    jwks: { keys: [listed(sig, 'sig'), listed(enc, 'enc')] as Agent['jwks']['keys'] },
    owner: 'olga',
    principals: [],
    scope: [{ actions: ['db.schema.migrate'], resources: ['prod/*'] }],
    limits: [],
    requests_per_minute: 600,
    environment: 'production',
    state: 'active',
  };
}

export function aProfile(overrides: Partial<Profile> = {}): Known<'profiles'> {
  return known('profiles', 'orders-ddl', {
    issuer: 'postgres-role',
    target: 'orders-db',
    actions: ['db.schema.migrate'],
    resources: ['prod/*'],
    max_ttl_seconds: 600,
    uses: 1,
    requires_person: true,
    min_quorum: 1,
    target_profile: 'orders_ddl',
    ...overrides,
  });
}

/** One action as intake accepted it. */
export interface Action extends Subject {
  value: RequestValue;
  digest: string;
  request: RequestEvidence;
}

export function anAction(
  { keyring, agentKeys }: World,
  actionId: string,
  more: { value?: Partial<RequestValue>; acceptance?: Partial<Acceptance>; aud?: string } = {},
): Action {
  const value: RequestValue = {
    subject: { type: 'agent', id: agentId },
    action: { name: 'db.schema.migrate', properties: { statement: 'ALTER TABLE orders ADD COLUMN note text' } },
    resource: { type: 'postgres.database', id: 'prod/orders' },
    context: { justification: 'support needs notes' },
    requested_access: { profile: 'orders-ddl', ttl_seconds: 300, uses: 1 },
    ...more.value,
  };
  const text = JSON.stringify(value);
  const digest = actionDigest({ id: actionId, source: agentUrn(agentId), data: value });
  const ce = requestAttributes(agentId, actionId);
  const acceptance: Acceptance = {
    gate: gateId,
    action_id: actionId,
    action_digest: digest,
    agent: { id: agentId, version: 1 },
    ce,
    received_at: instant,
    ...more.acceptance,
  };
  const signature = signRequest(signingKey(agentKeys.sig), text, {
    aud: more.aud ?? `${gateId}/sallyport.requests.v1`,
    iat: seconds,
    ce,
  });
  const request = { value: text, signature, acceptance: keyring('intake').sign('acceptance', acceptance) };
  return { actionId, agentId, value, digest, request };
}

export function aPlan(overrides: Partial<Plan> = {}): Plan {
  return {
    stages: [{ stage: 1, group: 'dba', quorum: 1, confirmations: [{ id: 'scope', text: 'the scope is right' }] }],
    excluded: [{ person: 'olga', why: 'owner' }],
    deadline_at: new Date(now.getTime() + 3_600_000).toISOString(),
    step_up: false,
    ...overrides,
  };
}

export function aVerdict(action: Action, overrides: Partial<Verdict> = {}): Verdict {
  const { action: asked, resource, requested_access } = action.value;
  return {
    gate: gateId,
    purpose: 'first',
    action_id: action.actionId,
    agent: { id: action.agentId, version: 1 },
    action_digest: action.digest,
    outcome: 'allow',
    code: 'policy_allowed',
    grant: {
      profile: { id: requested_access.profile, version: 1 },
      ttl_seconds: requested_access.ttl_seconds,
      uses: requested_access.uses ?? 1,
      scope: { action: asked.name, resource: { type: resource.type, id: resource.id } },
      offer_ttl_seconds: 300,
    },
    obligations: { notify: [] },
    findings: [],
    facts_digest: digestOf({}),
    bundle_digest: digestOf('bundle'),
    iat: seconds,
    exp: seconds + 300,
    ...overrides,
  };
}

export function aPlanned(action: Action, plan = aPlan(), overrides: Partial<Verdict> = {}): Verdict {
  const exp = Math.floor(Date.parse(plan.deadline_at) / 1_000) + 300;
  return aVerdict(action, { outcome: 'require_approval', code: 'approved', plan, exp, ...overrides });
}

export const signVerdict = ({ keyring }: World, verdict: Verdict): string => keyring('policy').sign('verdict', verdict);

/** A person's key with what credentials states about it. */
export interface Voter {
  key: SigningKey;
  statement: string;
}

/** The key of a person who has signed in; a fresh one for whoever has not. */
export function voterOf(world: World, person: string): Voter {
  const known = world.voters.get(person);
  if (known !== undefined) return known;
  const key = signingKey(generatePrivateJwk('P-256'));
  const until = Math.floor(world.time().getTime() / 1_000) + personKeySeconds;
  const said = { thumbprint: key.kid, iss: world.issuer, sub: person, until };
  const voter = { key, statement: signPersonKey(world.keyring('credentials'), said) };
  world.voters.set(person, voter);
  return voter;
}

/** What this person was shown. */
export function viewDigestOf({ agent }: World, action: Action, plan: Plan): string {
  const { request } = action;
  const input = { facts: {}, request, agent, actionType: undefined, variant: 'full' } as const;
  return viewDigest(viewOf({ verdict: aPlanned(action, plan), ...input }));
}

/** One counted vote of this person for this plan; each part can be made wrong. */
export function aVote(
  world: World,
  { action, plan, person }: { action: Action; plan: Plan; person: string },
  more: { vote?: Partial<Vote>; counting?: Partial<Counting>; by?: Voter; from?: string } = {},
): CountedVote {
  const { key, statement } = more.by ?? voterOf(world, person);
  const at = world.time();
  const vote: Vote = {
    gate: gateId,
    action_id: action.actionId,
    action_digest: action.digest,
    plan_digest: planDigest(plan),
    view_digest: viewDigestOf(world, action, plan),
    variant: 'full',
    decision: 'approve',
    reason: 'fine',
    confirmed: plan.stages.flatMap(({ confirmations }) => confirmations.map(({ id }) => id)),
    jti: `019acccc-0000-7000-8000-${Buffer.from(person.padEnd(6, '.').slice(0, 6)).toString('hex')}`,
    iat: Math.floor(at.getTime() / 1_000),
    ...more.vote,
  };
  const cast = signVote(key, vote);
  const counting: Counting = {
    gate: gateId,
    action_id: action.actionId,
    proof_digest: digestOfBytes(cast),
    person,
    person_version: 1,
    seat: { stage: 1, group: { id: 'dba', version: 1 } },
    ...(more.from !== undefined && { delegated: { by: { id: more.from, version: 1 }, given_at: at.toISOString() } }),
    received_at: at.toISOString(),
    ...more.counting,
  };
  const signed = world.keyring('approvals').sign('vote', counting, 'sallyport-counting+jws');
  const delegated = more.from === undefined ? {} : { delegated: aDelegation(world, vote, [more.from, person]) };
  return { vote: cast, counting: signed, person_key: statement, ...delegated };
}

/** The giver's own signature, for as long as the plan lasts. */
function aDelegation(world: World, { jti, ...view }: Vote, [giver, to]: [string, string]): SignedDelegation {
  const { key, statement } = voterOf(world, giver);
  const said = { to, until: new Date(world.time().getTime() + 3_600_000).toISOString(), reason: 'on leave' };
  const given = delegationOn(view, said, { gate: gateId, jti, now: world.time().getTime() });
  return { delegation: signDelegation(key, given), person_key: statement };
}

/** What approvals signs when it hands a granted action on. */
export function aGranting(
  { keyring }: World,
  { action, plan, votes }: { action: Action; plan: Plan; votes: CountedVote[] },
  more: Partial<Granting> = {},
): string {
  const granting: Granting = {
    gate: gateId,
    action_id: action.actionId,
    agent_id: action.agentId,
    action_digest: action.digest,
    plan_digest: planDigest(plan),
    votes: votesNamed(votes),
    granted_at: instant,
    iat: seconds,
    ...more,
  };
  return keyring('approvals').sign('vote', granting, 'sallyport-granting+jws');
}

/** Allowed by policy alone. */
export function allowed(world: World, action: Action, overrides: Partial<Verdict> = {}): Evidence {
  return { request: action.request, verdict: signVerdict(world, aVerdict(action, overrides)), votes: undefined };
}

/** Granted by these people. */
export function granted(world: World, action: Action, people: string[] = ['ada'], plan = aPlan()): Evidence {
  const votes = people.map((person) => aVote(world, { action, plan, person }));
  return { request: action.request, verdict: signVerdict(world, aPlanned(action, plan)), votes, facts: {} };
}

export const dba = (members: string[] = ['ada', 'bob'], version = 1): Known<'groups'> =>
  known('groups', 'dba', { members, channel: {} } satisfies Group, version);

export function aPerson(id: string, overrides: Partial<Person> = {}): Known<'people'> {
  const identities = [{ iss: 'https://idp.example', sub: id }];
  return known('people', id, { identities, name: id, limits: [], state: 'active', ...overrides });
}
