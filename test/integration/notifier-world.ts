import { registryChanged } from '#contracts';
import { Database, makeDataSource, migrate, roleOf, Timers } from '#database';
import { DeadLetters, Outbox, type Incoming } from '#messaging';
import { Log, Shutdown } from '#platform';
import { agentId } from '../../apps/approvals/src/core/plan.fixture.js';
import { makeGate, type TestGate } from '../../apps/approvals/src/gate.fixture.js';
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
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { incoming } from './notifier-story.js';

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
