import { actionAccepted, approvalDelegated, approvalEscalated, approvalOpened, approvalQuestioned, approvalReplaced, approvalVoted, leaseEnded, leaseOffered, leaseReplayed, policyApprovalRequired } from '#contracts'; // prettier-ignore
import type { DataOf, EventDefinition, OutcomeName, OutcomeValue, ReplayWhy, SignedOutcome, Stage } from '#contracts';
import type { Incoming } from '#messaging';
import { newId } from '#platform';
import { digestOfBytes, outcomeAttributes, signOutcome, signReplay } from '#trust';
import { agentId, planOf } from '../../apps/approvals/src/core/plan.fixture.js';
import { accept, judge, makeGate, soon, type Accepted, type TestGate } from '../../apps/approvals/src/gate.fixture.js';
import { Ballots } from '../support/ballots.js';

export interface Saying {
  service?: string;
  agentId?: string;
  actionId?: string;
}

/** One action, and what services say about it. */
export class Story {
  readonly accepted: Accepted;
  readonly id: string;
  #said = 0;

  constructor(private readonly world: { readonly gate: TestGate }) {
    this.accepted = accept(world.gate);
    this.id = this.accepted.actionId;
  }

  isAccepted(): Incoming<unknown> {
    return this.say(actionAccepted, { request: this.accepted.request });
  }

  needsApproval(...groups: string[]): Incoming<unknown> {
    return this.say(policyApprovalRequired, { evidence: this.evidence(groups) });
  }

  /** One stage of a person and a group, which goes on to another group. */
  needsSomebody(person: string, group: string, to: string): Incoming<unknown> {
    const escalate = { after_seconds: 60, to };
    const stage = { stage: 1, from: [{ person }, { group }], quorum: 1, confirmations: [], escalate };
    return this.say(policyApprovalRequired, { evidence: this.evidenceOf([stage]) });
  }

  /** approvals says that this group may decide as well; nothing of it is signed. */
  isEscalated(to: string): Incoming<unknown> {
    const times = { escalated_at: soon(0), deadline_at: soon() };
    return this.say(approvalEscalated, { summary, stages: [{ stage: 1, to }], ...times });
  }

  isOpened(more: Saying = {}): Incoming<unknown> {
    return this.say(approvalOpened, { ...this.waiting(1), outcome: this.outcome('pending', 'approvals', more) });
  }

  isReplaced(...groups: string[]): Incoming<unknown> {
    const outcome = this.outcome('pending', 'approvals');
    return this.say(approvalReplaced, {
      ...this.waiting(1),
      outcome,
      evidence: this.evidence(groups),
      voters: ['anna'],
    });
  }

  /** The vote that completes stage 1. */
  isVoted(): Incoming<unknown> {
    const seat = { stage: 1, group: { id: 'dba', version: 1 } };
    const counting = this.world.gate.keyring('approvals').sign('vote', {
      gate: this.world.gate.trust.gate, action_id: this.id, proof_digest: digestOfBytes('vote'), person: 'anna',
      person_version: 1, seat, received_at: soon(0),
    }, 'sallyport-counting+jws'); // prettier-ignore
    const next = { stage: 2, deadline_at: soon(), summary };
    return this.say(approvalVoted, {
      person: 'anna',
      decision: 'approve',
      stage: 1,
      counted: { vote: counting, counting },
      next,
    });
  }

  /** `by` gave their seat to this person; or somebody says so whose key nobody vouches for. */
  isDelegated(to: string, { stands = true, isForged = false } = {}): Incoming<unknown> {
    const { actionDigest: action_digest } = this.accepted;
    const view = { action_id: this.id, action_digest, plan_digest: action_digest };
    const by = { iss: 'https://idp.example', sub: 'anna' };
    const ballots = new Ballots(isForged ? makeGate() : this.world.gate);
    const {
      until,
      proof = '',
      person_key = '',
    } = ballots.delegation(by, view, { to, until: soon(), reason: 'on leave' });
    return this.say(approvalDelegated, { by: 'anna', to, until, stands, delegated: { delegation: proof, person_key } });
  }

  isQuestioned(text: string): Incoming<unknown> {
    const outcome = this.outcome('pending', 'approvals', {}, 'question_asked');
    return this.say(approvalQuestioned, { by: 'anna', text, asked_at: soon(0), outcome });
  }

  isOffered(more: Saying = {}): Incoming<unknown> {
    const outcome = this.outcome('offered', 'credentials', more);
    return this.say(leaseOffered, { lease_id: newId(), offer_expires_at: soon(), outcome });
  }

  isEnded(code = 'completed', more: Saying = {}): Incoming<unknown> {
    return this.say(leaseEnded, { lease_id: newId(), code, outcome: this.outcome('ended', 'credentials', more, code) });
  }

  /** credentials alarms: the lease was redeemed once more. `more` is what the event says otherwise than was signed. */
  isReplayed(why: ReplayWhy = 'other_key', more: object = {}): Incoming<unknown> {
    const said = { lease_id: newId(), why, jkt: 'A'.repeat(43), ends: false };
    const about = { action_id: this.id, agent_id: agentId, ...said };
    const replay = signReplay(this.world.gate.keyring('credentials'), about, new Date());
    return this.say(leaseReplayed, { ...said, ...more, replay });
  }

  outcome(name: OutcomeName, service: string, saying: Saying = {}, code = 'approved'): SignedOutcome {
    const by = saying.service ?? service;
    const value: OutcomeValue = {
      action_id: saying.actionId ?? this.id, action_digest: this.accepted.actionDigest, outcome: name, code, reasons: [code],
    }; // prettier-ignore
    const ce = outcomeAttributes(newId(), by, name);
    return signOutcome(this.world.gate.keyring(by), { agentId: saying.agentId ?? agentId, ce, value });
  }

  /** Any event about this action, by the service whose topic it is on. */
  say<E extends EventDefinition>(event: E, data: Omit<DataOf<E> & object, 'action_id' | 'agent_id'>, who = agentId) {
    return incoming(event, (this.#said += 1), { action_id: this.id, agent_id: who, ...data });
  }

  private evidence(groups: readonly string[]) {
    return this.evidenceOf(groups.map((group, i) => ({ stage: i + 1, group, quorum: 1, confirmations: [] })));
  }

  private evidenceOf(stages: Stage[]) {
    return judge(this.world.gate, this.accepted, {
      plan: planOf(stages, { begins_at: soon(0), deadline_at: soon() }),
      obligations: { notify: [] },
    });
  }

  private waiting(stage: number) {
    return { stage, opened_at: soon(0), deadline_at: soon(), summary };
  }
}

const summary = { action: 'db.schema.migrate', resource: 'prod/orders', severity: 'high', groups: ['dba'], notify: [] };

/** A record as the runner hands it on. */
export function incoming(event: EventDefinition, sequence: number, data: object): Incoming<unknown> {
  const read = event.data.parse(data);
  const { action_id = '' } = data as { action_id?: string };
  return {
    id: newId(), type: event.type, source: '', subject: action_id, sequence, time: soon(0), traceparent: undefined, data: read,
    topic: event.topic, partition: 0, offset: String(sequence), key: action_id, value: Buffer.from(JSON.stringify(data)), headers: {},
  }; // prettier-ignore
}
