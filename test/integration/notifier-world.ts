import { actionAccepted, approvalDelegated, approvalEscalated, approvalOpened, approvalQuestioned, approvalReplaced, approvalVoted, leaseEnded, leaseOffered, leaseReplayed, policyApprovalRequired, registryChanged } from '#contracts'; // prettier-ignore
import type { DataOf, EventDefinition, OutcomeName, OutcomeValue, ReplayWhy, SignedOutcome, Stage } from '#contracts';
import { Database, makeDataSource, migrate, roleOf, Timers } from '#database';
import { DeadLetters, Outbox, type Incoming } from '#messaging';
import { Log, newId, Shutdown } from '#platform';
import { digestOfBytes, outcomeAttributes, signOutcome, signReplay } from '#trust';
import { agentId, planOf } from '../../apps/approvals/src/core/plan.fixture.js';
import { accept, judge, makeGate, soon, type Accepted, type TestGate } from '../../apps/approvals/src/gate.fixture.js';
import { Audiences } from '../../apps/notifier/src/handlers/audiences.js';
import { FollowActions } from '../../apps/notifier/src/handlers/follow-actions.js';
import { ForwardOutcomes } from '../../apps/notifier/src/handlers/forward-outcomes.js';
import { ReadEvents } from '../../apps/notifier/src/handlers/read-events.js';
import { RecordEvents } from '../../apps/notifier/src/handlers/record-events.js';
import { RefuseForged } from '../../apps/notifier/src/handlers/refuse-forged.js';
import { TellNewcomers } from '../../apps/notifier/src/handlers/tell-newcomers.js';
import { Remind } from '../../apps/notifier/src/handlers/remind.js';
import { ShowAction } from '../../apps/notifier/src/handlers/show-action.js';
import { TellPeople } from '../../apps/notifier/src/handlers/tell-people.js';
import { ActionStore } from '../../apps/notifier/src/io/action.store.js';
import { MessageStore } from '../../apps/notifier/src/io/message.store.js';
import { Waiters } from '../../apps/notifier/src/io/waiters.js';
import { migrations } from '../../apps/notifier/src/notifier.module.js';
import { anAgent, aPerson, FakeRegistry, known } from '../../apps/policy/src/registry.fixture.js';
import { Ballots } from '../support/ballots.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

/** A record as the outbox was given it, once its transaction had committed. */
export interface Sent {
  topic: string;
  key: string;
  headers: Record<string, string>;
  value: string;
}

export { agentId };

/** The notifier on a real PostgreSQL; without a broker and the other services. */
export class NotifierWorld {
  readonly gate: TestGate = makeGate();
  readonly registry = new FakeRegistry([anAgent({}, { id: agentId }), anAgent({}, { id: 'stranger' })]);
  readonly sent: Sent[] = [];
  readonly logged: string[] = [];
  readonly log = new Log('notifier', 'warn', { write: (line) => this.logged.push(line) });
  readonly database: Database;
  readonly actions: ActionStore;
  readonly messages: MessageStore;
  readonly waiters: SeenWaiters;
  readonly record: RecordEvents;
  readonly remind: Remind;
  readonly newcomers: TellNewcomers;
  readonly shutdown = new Shutdown(this.log);

  private constructor(private readonly postgres: TestPostgres) {
    const url = postgres.urlAs(roleOf('notifier'), 'spec');
    const connection = { url, schema: 'notifier', pool: 10, applicationName: 'spec', onPoolError: () => undefined };
    this.database = new Database(makeDataSource(connection), this.log);
    this.actions = new ActionStore(this.database);
    this.messages = new MessageStore(this.database);
    this.waiters = new SeenWaiters(new UnaskedActions(this.database), this.shutdown, this.log);
    const { copy } = this.registry;
    const outbox = outboxInto(this.sent);
    const people = new TellPeople(copy, this.messages, new Timers());
    this.remind = new Remind(this.actions, people);
    this.newcomers = new TellNewcomers(this.gate.trust, this.registry, this.actions, people);
    this.record = new RecordEvents(
      new ReadEvents(this.gate.trust, new Audiences(this.gate.trust)),
      new RefuseForged(this.actions, new DeadLetters(outbox, 'notifier')),
      new ForwardOutcomes(this.actions, copy, this.registry, outbox, this.log),
      new FollowActions(this.actions, this.waiters),
      people,
    );
    this.group('dba', { mail: 'dba@example.com' }, ['anna']);
    this.group('security', { mail: 'security@example.com' }, ['sam']);
  }

  static async start(): Promise<NotifierWorld> {
    const postgres = await startPostgres();
    await migrate(postgres.url, [{ service: 'notifier', password: 'spec', migrations }]);
    return new NotifierWorld(postgres);
  }

  async end(): Promise<void> {
    await this.shutdown.run('spec');
    await this.database.close();
    await this.postgres.remove();
  }

  group(id: string, channel: object, members: string[] = []): void {
    const version = this.registry.copy.versionOf('groups', id) + 1;
    this.registry.put(known('groups', id, { members, channel }, { version }));
    for (const member of members) this.registry.put(aPerson(member));
  }

  /** The registry says so: the group as it is registered now. */
  async hearGroup(id: string): Promise<void> {
    const entry = this.registry.copy.get('groups', id);
    if (entry === undefined) throw new TypeError(`no group ${id}`);
    const signed = this.gate
      .keyring('registry')
      .sign('registry', { gate: this.gate.trust.gate, ...entry, deleted: false });
    const data = { kind: 'groups' as const, id, version: entry.version, entry: signed };
    const event = { ...incoming(registryChanged, entry.version, data), data };
    await this.database.transaction((tx) => this.newcomers.handle([event], tx));
  }

  person(id: string, mail: string): void {
    const version = this.registry.copy.versionOf('people', id) + 1;
    this.registry.put(known('people', id, { ...aPerson(id).spec, mail }, { version }));
  }

  /** The door, with the waiters of this instance or of another one. */
  door(waiters = this.waiters): ShowAction {
    return new ShowAction(this.actions, waiters, this.registry);
  }

  /** One slice, as the runner hands it on. */
  async hear(...events: Incoming<unknown>[]): Promise<void> {
    await this.database.transaction((tx) => this.record.handle(events, tx));
  }

  async fireReminder(...refs: string[]): Promise<void> {
    await this.database.transaction((tx) => this.remind.handle(refs, tx));
  }

  /** What was forwarded about an action, in order. */
  told(actionId: string): Sent[] {
    return this.sent.filter(({ topic, key }) => topic === 'sallyport.outcomes.v1' && key === actionId);
  }

  deadLetters(): { key: string; code: string; sha256: string }[] {
    const letters = this.sent.filter(({ topic }) => topic === 'sallyport.dlq.v1');
    return letters.map(({ value }) => JSON.parse(value) as { key: string; code: string; sha256: string });
  }

  /** `<kind> <group> <channel> <stage>` of every message about an action. */
  async messagesOf(actionId: string): Promise<string[]> {
    const rows = await this.database.query<{ line: string }>(
      `SELECT concat_ws(' ', kind, group_id, channel, stage) AS line FROM messages WHERE action_id = $1 ORDER BY created_at, 1`,
      [actionId],
    );
    return rows.map(({ line }) => line);
  }
}

/** Shows which waits have begun and which are over. */
export class SeenWaiters extends Waiters {
  readonly begun: string[] = [];
  readonly over: string[] = [];

  override async until(...[actionId, ...rest]: Parameters<Waiters['until']>): Promise<void> {
    const wait = super.until(actionId, ...rest);
    this.begun.push(actionId);
    await wait;
    this.over.push(actionId);
  }
}

/** The poll finds nothing: whoever is woken was woken by a commit of this process. */
class UnaskedActions extends ActionStore {
  override standingOf(): Promise<Map<string, never>> {
    return Promise.resolve(new Map<string, never>());
  }
}

function outboxInto(sent: Sent[]): Outbox {
  return new Outbox({
    service: 'notifier',
    table: { add: (_, rows) => Promise.resolve(rows.map((row, i) => ({ ...row, id: String(i) }))) },
    relay: {
      enqueue: (rows) => {
        for (const { topic, key, headers, value } of rows) sent.push({ topic, key, headers, value: value.toString() });
      },
    },
  });
}

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

  constructor(private readonly world: NotifierWorld) {
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

function incoming(event: EventDefinition, sequence: number, data: object): Incoming<unknown> {
  const read = event.data.parse(data);
  const { action_id = '' } = data as { action_id?: string };
  return {
    id: newId(), type: event.type, source: '', subject: action_id, sequence, time: soon(0), traceparent: undefined, data: read,
    topic: event.topic, partition: 0, offset: String(sequence), key: action_id, value: Buffer.from(JSON.stringify(data)), headers: {},
  }; // prettier-ignore
}
