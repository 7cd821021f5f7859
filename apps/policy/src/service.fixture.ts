import { Module, type Provider, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { verdict as verdictSchema, type Explanation, type RequestEvidence, type Verdict } from '#contracts';
import { Database, makeDataSource, type Tx } from '#database';
import { CatchUp, RegistryClient, RegistryCopy, type CopyEntry } from '#facts';
import { DeadLetters, Outbox, type Incoming } from '#messaging';
import { Log, Readiness, Shutdown } from '#platform';
import { Keyring, Trust } from '#trust';
import { CredentialsDoor } from './io/credentials-door.js';
import { PolicyFiles } from './io/policy-runtime.js';
import { parts } from './policy.module.js';
import type { FakeRegistry } from './registry.fixture.js';
import type { Accepted, TestGate } from './requests.fixture.js';

/** What was said and committed, in order. */
export interface SaidRow {
  type: string;
  key: string;
  sequence: number;
  data: Record<string, unknown>;
}

/** The real handlers, rules and SQL on a real database; no broker, and no other service. */
export interface PolicyUnderTest {
  database: Database;
  said: SaidRow[];
  get: <T>(part: Type<T>) => T;
  /** A slice as the runner hands it on, in a transaction of its own. */
  hear: <D extends { action_id: string }>(
    handler: Type<{ handle: (events: Incoming<D>[], tx: Tx) => Promise<void> }>,
    ...events: D[]
  ) => Promise<void>;
  /** The verdict that was said about an action. */
  verdictOf: (actionId: string) => Verdict;
  close: () => Promise<void>;
}

/** Credentials as policy meets it. */
export class FakeTargets extends CredentialsDoor {
  answer: Explanation = { explained: false, why: 'unavailable' };
  readonly asked: { target: string; evidence: RequestEvidence }[] = [];

  override explain(target: string, evidence: RequestEvidence): Promise<Explanation> {
    this.asked.push({ target, evidence });
    return Promise.resolve(this.answer);
  }
}

export interface Around {
  gate: TestGate;
  registry: FakeRegistry;
  targets?: FakeTargets;
  url: string;
  bundle: string;
}

export async function makePolicy(around: Around): Promise<PolicyUnderTest> {
  const log = new Log('policy', 'error');
  const connection = {
    url: around.url,
    schema: 'policy',
    pool: 20,
    applicationName: 'spec',
    onPoolError: () => undefined,
  };
  const database = new Database(makeDataSource(connection), log);
  const said: SaidRow[] = [];
  const shutdown = new Shutdown(log);
  const module = await Test.createTestingModule({
    imports: [Root],
    providers: [
      ...parts,
      ...neighbours(around, outboxInto(said)),
      { provide: Database, useValue: database },
      { provide: Log, useValue: log },
      { provide: Shutdown, useValue: shutdown },
      Readiness,
    ],
  }).compile();
  await module.init();
  return {
    database,
    said,
    get: (part) => module.get(part),
    hear: (handler, ...events) =>
      database.transaction((tx) =>
        module.get(handler).handle(
          events.map((data) => incoming(data)),
          tx,
        ),
      ),
    verdictOf: (actionId) => verdictIn(around.gate, said, actionId),
    close: async () => {
      await shutdown.run('closed');
      await database.close();
    },
  };
}

/** What stands in for the broker, the registry and the key files. */
function neighbours({ gate, registry, bundle, targets = new FakeTargets() }: Around, outbox: Outbox): Provider[] {
  return [
    { provide: Outbox, useValue: outbox },
    { provide: DeadLetters, useValue: new DeadLetters(outbox, 'policy') },
    { provide: Trust, useValue: gate.trust },
    { provide: Keyring, useValue: gate.keyring('policy') },
    { provide: RegistryCopy, useValue: registry.copy },
    { provide: RegistryClient, useValue: registry },
    { provide: CatchUp, useValue: catchUpOf(registry) },
    { provide: CredentialsDoor, useValue: targets },
    { provide: PolicyFiles, useValue: new PolicyFiles(bundle, undefined) },
  ];
}

function catchUpOf(registry: FakeRegistry): CatchUp {
  const limits = { spacingMs: 0, negativeMs: 0, most: 1_000 };
  const pace = { limits, now: () => performance.now(), wait: () => Promise.resolve() };
  const keep = (found: readonly { entry: CopyEntry }[]): Promise<void> => {
    registry.copy.take(found.map(({ entry }) => entry));
    return Promise.resolve();
  };
  return new CatchUp(registry.copy, registry, keep, pace);
}

@Module({})
class Root {}

/** What `action.accepted` holds. */
export function acceptedData({ actionId, agentId, request }: Accepted) {
  return { action_id: actionId, agent_id: agentId, request };
}

function verdictIn(gate: TestGate, said: readonly SaidRow[], actionId: string): Verdict {
  const { evidence } = said.find(({ key, data }) => key === actionId && 'evidence' in data)?.data as {
    evidence: { verdict: string };
  };
  const read = gate.trust.verify(evidence.verdict, { purpose: 'verdict', service: 'policy', schema: verdictSchema });
  if (!read.ok) throw new TypeError('the verdict does not verify');
  return read.payload;
}

function outboxInto(said: SaidRow[]): Outbox {
  return new Outbox({
    service: 'policy',
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

export function incoming<D extends { action_id: string }>(data: D): Incoming<D> {
  const at = { topic: 'sallyport.actions.v1', partition: 0, offset: '0', key: data.action_id, headers: {} };
  const value = Buffer.from(JSON.stringify(data));
  return {
    id: 'e',
    type: 't',
    source: 's',
    subject: data.action_id,
    sequence: 1,
    time: '',
    traceparent: undefined,
    data,
    value,
    ...at,
  };
}
