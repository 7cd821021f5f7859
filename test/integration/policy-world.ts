import { join } from 'node:path';
import { verdict as verdictSchema, type Verdict } from '#contracts';
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
import { acceptedData, makePolicy, type PolicyUnderTest, type SaidRow } from '../../apps/policy/src/service.fixture.js';
import { compileBundle } from '../../tools/policies/compile.js';
import { findOpa } from '../../tools/policies/opa.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { scratchFolder } from '../support/scratch.js';

/** The policy service on a real PostgreSQL with the shipped rules; without a broker and the other services. */
export class PolicyWorld {
  readonly gate: TestGate = makeGate();
  registry = new FakeRegistry();
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
    const made = await makePolicy({ gate: this.gate, registry: this.registry, url, bundle: this.bundle });
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

  /** What an event says about the end of an action, signed by its holder. */
  ended = (accepted: Accepted, code = 'completed') => ({ ...this.told(accepted, 'ended', code), code });

  released = (accepted: Accepted) => ({
    ...this.told(accepted, 'released', 'released'),
    lease_id: newId(),
    expires_at: '',
  });

  private told({ actionId, agentId }: Accepted, outcome: 'ended' | 'released', code: string) {
    const keyring = this.gate.keyring('credentials');
    const value = { action_id: actionId, action_digest: digestOfBytes(actionId), outcome, code, reasons: [code] };
    const ce = outcomeAttributes(newId(), 'credentials', outcome);
    return { action_id: actionId, agent_id: agentId, outcome: signOutcome(keyring, { agentId, ce, value }) };
  }

  saidOf(actionId: string): SaidRow[] {
    return this.service.said.filter(({ key }) => key === actionId);
  }

  private get bundle(): string {
    return join(this.scratch.dir, 'bundle.tar.gz');
  }
}
