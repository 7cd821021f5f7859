import { join } from 'node:path';
import {
  topics, verdict as verdictSchema, type DataOf, type OutcomeName, type reviewClosed, type Verdict,
} from '#contracts'; // prettier-ignore
import { migrate } from '#database';
import { newId } from '#platform';
import { digestOfBytes, outcomeAttributes, signOutcome } from '#trust';
import { JudgeActions } from '../../apps/policy/src/handlers/judge-actions.js';
import { JudgeAgain } from '../../apps/policy/src/handlers/judge-again.js';
import { migrations } from '../../apps/policy/src/policy.module.js';
import { anAgent, FakeRegistry } from '../../apps/policy/src/registry.fixture.js';
import {
  accept, aRequest, makeGate, type Accepted, type RequestChanges, type Story, type TestGate,
} from '../../apps/policy/src/requests.fixture.js'; // prettier-ignore
import {
  acceptedData,
  FakeTargets,
  makePolicy,
  type PolicyUnderTest,
  type SaidRow,
} from '../../apps/policy/src/service.fixture.js';
import { compileBundle } from '../../tools/policies/compile.js';
import { findOpa } from '../../tools/policies/opa.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { scratchFolder } from '../support/scratch.js';

/** The policy service on a real PostgreSQL with the shipped rules; without a broker and the other services. */
export class PolicyWorld {
  readonly gate: TestGate = makeGate();
  registry = new FakeRegistry();
  targets = new FakeTargets();
  private readonly scratch = scratchFolder('policy');
  private readonly running: PolicyUnderTest[] = [];

  private constructor(private readonly postgres: TestPostgres) {}

  /** Call it in `beforeAll`, with `end` in `afterAll`. */
  static async start(): Promise<PolicyWorld> {
    const world = new PolicyWorld(await startPostgres());
    await migrate(world.postgres.url, [{ service: 'policy', password: 'spec', migrations }]);
    await compileBundle(await findOpa(), world.bundle);
    return world;
  }

  /** For `beforeEach`: a fresh registry, one instance, no open review. */
  async begin(): Promise<void> {
    this.registry = new FakeRegistry();
    this.targets = new FakeTargets();
    const { database } = await this.anInstance();
    await database.query('UPDATE review SET closed_at = now() WHERE closed_at IS NULL');
  }

  /** For `afterEach`. */
  async close(): Promise<void> {
    for (const one of this.running.splice(0)) await one.close();
  }

  async end(): Promise<void> {
    await this.postgres.remove();
    this.scratch.remove();
  }

  /** One more instance beside those that run. */
  async anInstance(): Promise<PolicyUnderTest> {
    const url = this.postgres.urlAs('sallyport_policy', 'spec');
    const made = await makePolicy({
      gate: this.gate,
      registry: this.registry,
      targets: this.targets,
      url,
      bundle: this.bundle,
    });
    this.running.push(made);
    return made;
  }

  /** The first instance. */
  get service(): PolicyUnderTest {
    const [first] = this.running;
    if (first === undefined) throw new TypeError('no instance runs');
    return first;
  }

  /** An agent of its own, for cases that count. */
  anAgentId(): string {
    const id = `agent-${newId()}`;
    this.registry.put(anAgent({}, { id }));
    return id;
  }

  ask(story: Story, changes: RequestChanges = {}): Accepted {
    return accept(this.gate, aRequest(story, changes));
  }

  /** One slice through the first instance. */
  async judge(...accepted: Accepted[]): Promise<Verdict[]> {
    await this.service.hear(JudgeActions, ...accepted.map(acceptedData));
    return accepted.map(({ actionId }) => this.service.verdictOf(actionId));
  }

  async again(accepted: Accepted, purpose: 'vote' | 'redeem'): Promise<Verdict> {
    const answer = await this.service.get(JudgeAgain).handle({ purpose, evidence: accepted.request });
    const by = { purpose: 'verdict', service: 'policy', schema: verdictSchema } as const;
    const read = this.gate.trust.verify(answer.verdict, by);
    if (!read.ok) throw new TypeError('the verdict does not verify');
    return read.payload;
  }

  /** What an event says about the end of a credential, signed by its holder. */
  ended = (accepted: Accepted) => ({ ...this.told(accepted, 'ended', 'completed'), code: 'completed' });

  /** What an event says about an end before anything was released. */
  over = (accepted: Accepted, code: 'offer_expired' | 'approval_expired' = 'offer_expired') => ({
    ...this.told(accepted, 'expired', code, code === 'offer_expired' ? 'credentials' : 'approvals'),
    code,
  });

  released = (accepted: Accepted) => ({
    ...this.told(accepted, 'released', 'released'),
    lease_id: newId(),
    expires_at: '',
  });

  told({ actionId, agentId }: Accepted, outcome: OutcomeName, code: string, service = 'credentials') {
    const keyring = this.gate.keyring(service);
    const value = { action_id: actionId, action_digest: digestOfBytes(actionId), outcome, code, reasons: [code] };
    const ce = outcomeAttributes(newId(), service, outcome);
    return { action_id: actionId, agent_id: agentId, outcome: signOutcome(keyring, { agentId, ce, value }) };
  }

  /** What approvals says when a person has closed the review of an action. */
  closed({ actionId, agentId }: Accepted): DataOf<typeof reviewClosed> {
    const said = {
      action_id: actionId,
      agent_id: agentId,
      review_id: newId(),
      rule: 'EMERG-001',
      group: 'soc-lead',
      verdict: 'fit' as const,
      reason: 'r',
      by: 'sam',
      closed_at: '2026-11-24T10:00:00.000Z',
    };
    const statement = { gate: this.gate.trust.gate, ...said, iat: 1_795_000_000 };
    const closing = this.gate.keyring('approvals').sign('vote', statement, 'sallyport-closing+jws');
    return { ...said, closing };
  }

  /** The codes of the dead letters so far, with the keys of what they are about. */
  buried(): string[] {
    const letters = this.service.said.filter(({ type }) => type === topics.deadLetters);
    return letters.map(({ data }) => `${String(data['code'])} ${String(data['key'])}`);
  }

  saidOf(actionId: string): SaidRow[] {
    return this.service.said.filter(({ key }) => key === actionId);
  }

  private get bundle(): string {
    return join(this.scratch.dir, 'bundle.tar.gz');
  }
}
