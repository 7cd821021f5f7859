import {
  ceremonyAnswer,
  stepUpResult,
  type CeremonyAnswer,
  type EvidenceAnswer,
  type Plan,
  type StepUpBody,
} from '#contracts';
import {
  agentId,
  aPlanned,
  signVerdict,
  viewDigestOf,
  type Action,
} from '../../apps/credentials/src/core/evidence.fixture.js';
import type { SecurityKey, Touch } from '../support/security-key.js';
import { codeOf, read, type Answer } from './answers.js';
import type { CredentialsWorld } from './credentials-world.js';

/** An action that people decide, with a plan that asks for security keys. */
export interface Decided {
  action: Action;
  plan: Plan;
}

/** What people do with security keys at the service, through its doors and pages. */
export class SecurityKeyDesk {
  constructor(private readonly world: CredentialsWorld) {}

  action(): Decided {
    return { action: this.world.action(), plan: this.world.plan({ step_up: true }) };
  }

  async begin(person: string, path: string, body: object): Promise<CeremonyAnswer> {
    const answer = await this.world.asPerson(person, 'POST', path, body);
    if (answer.status !== 201) throw new Error(codeOf(answer));
    return ceremonyAnswer.parse(answer.body);
  }

  askForKey(by: string, body: object = { label: 'blue' }): Promise<Answer> {
    return this.world.asPerson(by, 'POST', '/v1/webauthn-keys', body);
  }

  enrolment(by: string, body: object = { label: 'blue' }): Promise<CeremonyAnswer> {
    return this.begin(by, '/v1/webauthn-keys', body);
  }

  /** A page to confirm a vote on; `more` is what the caller says otherwise. */
  stepUp(person: string, decided: Decided, more: Partial<StepUpBody> = {}): Promise<CeremonyAnswer> {
    return this.begin(person, `/v1/step-up/${decided.action.actionId}`, this.bodyOf(decided, more));
  }

  bodyOf({ action, plan }: Decided, more: Partial<StepUpBody> = {}): StepUpBody {
    const { keys, peers } = this.world;
    const { agent } = keys;
    const entry = { gate: keys.trust.gate, kind: 'agents', id: agentId, version: 1, deleted: false, spec: agent.spec, changed_by: 'rita', changed_at: '2026-11-24T10:00:00.000Z' }; // prettier-ignore
    const evidence: EvidenceAnswer = {
      action_id: action.actionId,
      request: action.request,
      verdict: signVerdict(keys, aPlanned(action, plan, { iat: Math.floor(Date.now() / 1_000) })),
      facts: {},
      agent: keys.keyring('registry').sign('registry', entry),
    };
    if (peers.versionOf('agents', agentId) < 1) throw new TypeError('the agent is not registered');
    return { decision: 'approve', view_digest: viewDigestOf(keys, action, plan), evidence, ...more };
  }

  page({ url }: CeremonyAnswer): Promise<Response> {
    return fetch(url);
  }

  /** What the page asks the authenticator for. */
  async touchOf(begun: CeremonyAnswer): Promise<Touch> {
    const page = await (await this.page(begun)).text();
    const options = /data-options="([^"]+)"/u.exec(page)?.[1]?.replaceAll('&quot;', '"') ?? '{}';
    const { challenge = '' } = JSON.parse(options) as { challenge?: string };
    const { hostname: rpId, origin } = new URL(begun.url);
    return { challenge, origin, rpId };
  }

  async send(begun: CeremonyAnswer, credential: unknown, secret = begun.secret): Promise<Answer> {
    const { origin, pathname } = new URL(begun.url);
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ secret, credential });
    return read(await fetch(`${origin}${pathname}/answer`, { method: 'POST', headers, body }));
  }

  async enrol(key: SecurityKey, by: string, body?: object): Promise<void> {
    const begun = await this.enrolment(by, body);
    const done = await this.send(begun, key.create(await this.touchOf(begun)));
    if (done.status !== 200) throw new Error(codeOf(done));
  }

  async use(key: SecurityKey, begun: CeremonyAnswer): Promise<Answer> {
    return this.send(begun, key.get(await this.touchOf(begun)));
  }

  async result(
    person: string,
    { id, secret }: CeremonyAnswer,
  ): Promise<{ state: string; statement?: string | undefined }> {
    const answer = await this.world.asPerson(person, 'GET', `/v1/step-up/${id}/result?c=${secret}`);
    return answer.status === 200 ? stepUpResult.parse(answer.body) : { state: codeOf(answer) };
  }
}
