import {
  approvalGranted, leaseBundle, policyAllowed, type Counting, type EventDefinition, type Plan, type RequestValue, type Verdict,
} from '#contracts'; // prettier-ignore
import { newId } from '#platform';
import { callHeaders, decrypt, type CallParts, type CallSigner, type PrivateJwk } from '#trust';
import {
  aGranting, anAction, aPlan, aPlanned, aVerdict, aVote, aWorld, signVerdict, type Action, type Voter,
} from '../../apps/credentials/src/core/evidence.fixture.js'; // prettier-ignore
import type { Minted } from '../../apps/credentials/src/io/issuers/issuer.js';
import { noteDelivered, notePrivateParts } from '../support/canaries.js';
import { read, type Answer } from './answers.js';
import { proveCall } from './credentials-proving.js';
import { CredentialsRegistered } from './credentials-registered.js';
import { startParts } from './running-credentials.js';
import { newSigner, newVoter, type Granted } from './credentials-voters.js';

export { codeOf, type Answer } from './answers.js';

/**
 * The service, what is registered, what the services before it say, and agents, tools and people who come through the doors. Registry, policy and the
 * identity provider are played by one small server, which signs what they would sign.
 */
export class CredentialsWorld extends CredentialsRegistered {
  private readonly signers = new Map<string, CallSigner>();
  private readonly sequences = new Map<string, number>();

  /** @param settings of the service, where a spec is about them. */
  static async start(settings: Record<string, string> = {}): Promise<CredentialsWorld> {
    const keys = aWorld();
    notePrivateParts('private keys of agents', JSON.stringify(keys.agentKeys));
    const world = new CredentialsWorld(keys, await startParts(keys), settings);
    Object.assign(keys, { issuer: world.peers.url, time: () => new Date() });
    world.peers.judge = (action) => world.verdict(action);
    try {
      await world.connect();
      await world.registerAll();
      await world.startService();
    } catch (error) {
      await world.remove();
      throw error;
    }
    return world;
  }

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
}
