import { Module, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { JudgementAnswer, RegistryKind, RequestEvidence, RoutingNeed } from '#contracts';
import { Database, makeDataSource, Timers, type Tx } from '#database';
import {
  AskedKeys,
  isKnown,
  RegistryClient,
  RegistryCopy,
  type CopyEntry,
  type KnownOf,
  type Looked,
  type PeerAnswer,
  type Wanted,
} from '#facts';
import { DeadLetters, Outbox, type Incoming } from '#messaging';
import { Fault, Log, Shutdown } from '#platform';
import { Keyring, Trust } from '#trust';
import { PersonKeys } from '#trust/http';
import { parts } from './approvals.module.js';
import type { TestGate } from './gate.fixture.js';
import { PolicyDoor } from './io/policy-door.js';
import { RegistryDoor } from './io/registry-door.js';

/** What was said and committed, in order. */
export interface SaidRow {
  type: string;
  key: string;
  sequence: number;
  data: Record<string, unknown>;
}

/** The registry as this service meets it: every version of every entry, or no answer at all. */
export class TestRegistry extends RegistryClient {
  readonly copy = new RegistryCopy();
  readonly versions: CopyEntry[] = [];
  isDown = false;

  put(entry: CopyEntry, { copied = true } = {}): void {
    this.versions.push(entry);
    if (copied) this.copy.take([entry]);
  }

  override lookup({ entries = [] }: { entries?: Wanted[] }): Promise<Looked> {
    if (this.isDown) return Promise.reject(new Fault('registry_unavailable', { retryable: true }));
    const found = entries.map((wanted) => {
      const entry = this.versions.findLast(
        ({ id, kind, version }) => kind === wanted.kind && id === wanted.id && version === (wanted.version ?? version),
      );
      return entry === undefined ? null : { jws: '', entry };
    });
    return Promise.resolve({ entries: found, kids: [] });
  }

  override async current<K extends RegistryKind>(wanted: Wanted<K>[]): Promise<(KnownOf<K> | null)[]> {
    const { entries } = await this.lookup({ entries: wanted });
    return wanted.map(({ kind }, i) => {
      const entry = entries[i]?.entry;
      return isKnown(entry, kind) ? (entry as KnownOf<K>) : null;
    });
  }

  override byKids(): Promise<never[]> {
    return Promise.resolve([]);
  }
}

export class TestPolicy extends PolicyDoor {
  answer: (evidence: RequestEvidence) => JudgementAnswer | Promise<JudgementAnswer> = () => {
    throw new Fault('policy_unavailable', { retryable: true });
  };
  asked = 0;
  wanted: RoutingNeed[] = [];

  override async judge(evidence: RequestEvidence): Promise<JudgementAnswer> {
    this.asked += 1;
    return this.answer(evidence);
  }

  override needs(): Promise<RoutingNeed[]> {
    return Promise.resolve(this.wanted);
  }
}

/** credentials, asked about the keys of people. */
export class TestKeysDoor {
  /** Undefined = credentials does not answer. */
  live: boolean | undefined = true;

  post(_service: string, _path: string, asked: object): Promise<PeerAnswer> {
    if (this.live === undefined) return Promise.reject(new Fault('peer_unavailable', { retryable: true }));
    return Promise.resolve({ ok: true, status: 200, body: { ...asked, state: this.live ? 'live' : 'ended' } });
  }
}

export class TestRegistryDoor extends RegistryDoor {
  answer: 'done' | 'again' = 'done';
  readonly suspended: { agentId: string; reason: string }[] = [];

  override suspend(agentId: string, reason: string): Promise<'done' | 'again'> {
    this.suspended.push({ agentId, reason });
    return Promise.resolve(this.answer);
  }
}

/** The real handlers, core and SQL on a real database; no broker, and no other service. */
export interface TestApprovals {
  database: Database;
  timers: Timers;
  registry: TestRegistry;
  policy: TestPolicy;
  keysDoor: TestKeysDoor;
  registryDoor: TestRegistryDoor;
  said: SaidRow[];
  get: <T>(part: Type<T>) => T;
  /** One event as the runner hands it on, each call in a transaction of its own. */
  hear: <D>(
    handler: Type<{ handle: (events: Incoming<D>[], tx: Tx) => Promise<void> }>,
    ...events: D[]
  ) => Promise<void>;
  /** Timers that are due, by kind, as the loop would fire them. */
  fire: (handler: Type<{ handle: (refs: string[], tx: Tx) => Promise<void> }>, ...refs: string[]) => Promise<void>;
  close: () => Promise<void>;
}

export async function makeApprovals(gate: TestGate, url: string): Promise<TestApprovals> {
  const log = new Log('approvals', 'error');
  const database = new Database(
    makeDataSource({ url, schema: 'approvals', pool: 20, applicationName: 'spec', onPoolError: () => undefined }),
    log,
  );
  const registry = new TestRegistry();
  const policy = new TestPolicy();
  const keysDoor = new TestKeysDoor();
  const registryDoor = new TestRegistryDoor();
  const said: SaidRow[] = [];
  const outbox = outboxInto(said);
  const values = [
    { provide: Database, useValue: database },
    { provide: Outbox, useValue: outbox },
    { provide: DeadLetters, useValue: new DeadLetters(outbox, 'approvals') },
    { provide: Trust, useValue: gate.trust },
    { provide: Keyring, useValue: gate.keyring('approvals') },
    { provide: RegistryCopy, useValue: registry.copy },
    { provide: RegistryClient, useValue: registry },
    { provide: PersonKeys, useValue: new AskedKeys(keysDoor) },
    { provide: PolicyDoor, useValue: policy },
    { provide: RegistryDoor, useValue: registryDoor },
    { provide: Log, useValue: log },
    { provide: Shutdown, useValue: new Shutdown(log) },
  ];
  const module = await Test.createTestingModule({
    imports: [Root],
    providers: [...parts, ...values, Timers],
  }).compile();
  return {
    database,
    timers: module.get(Timers),
    registry,
    policy,
    keysDoor,
    registryDoor,
    said,
    get: (part) => module.get(part),
    hear: (handler, ...events) =>
      database.transaction((tx) =>
        module.get(handler).handle(
          events.map((data) => incoming(data)),
          tx,
        ),
      ),
    fire: (handler, ...refs) => database.transaction((tx) => module.get(handler).handle(refs, tx)),
    close: () => database.close(),
  };
}

@Module({})
class Root {}

function outboxInto(said: SaidRow[]): Outbox {
  return new Outbox({
    service: 'approvals',
    table: { add: (_, rows) => Promise.resolve(rows.map((row, i) => ({ ...row, id: String(i) }))) },
    relay: {
      enqueue: (rows) => {
        for (const { headers, key, topic, value } of rows) {
          const data = JSON.parse(value.toString('utf8')) as Record<string, unknown>;
          said.push({ type: headers['ce_type'] ?? topic, key, sequence: Number(headers['ce_sequence'] ?? 0), data });
        }
      },
    },
  });
}

function incoming<D>(data: D): Incoming<D> {
  const { action_id } = data as { action_id?: string };
  return {
    id: 'e',
    type: 't',
    source: 's',
    subject: action_id ?? '',
    sequence: 1,
    time: '',
    traceparent: undefined,
    data,
    topic: 'sallyport.decisions.v1',
    partition: 0,
    offset: '0',
    key: action_id ?? '',
    value: Buffer.from(JSON.stringify(data)),
    headers: {},
  };
}
