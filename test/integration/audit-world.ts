import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Database, makeDataSource, migrate, ownerRole, roleOf, type Tx } from '#database';
import type { Incoming } from '#messaging';
import { Log } from '#platform';
import { AuditController } from '../../apps/audit/src/audit.controller.js';
import { migrations } from '../../apps/audit/src/audit.module.js';
import { AppendLeaves } from '../../apps/audit/src/handlers/append-leaves.js';
import { ExportLog } from '../../apps/audit/src/handlers/export-log.js';
import { SignCheckpoint } from '../../apps/audit/src/handlers/sign-checkpoint.js';
import { CheckpointKey } from '../../apps/audit/src/io/checkpoint-key.js';
import { LogStore } from '../../apps/audit/src/io/log.store.js';
import { TrustFilePath } from '../../apps/audit/src/io/trust-file-path.js';
import { verifierKeys } from '../../apps/cli/src/handlers/audit-key.js';
import { aPerson, FakeRegistry, known } from '../../apps/policy/src/registry.fixture.js';
import { TestLog } from '../support/audit-export.js';
import { aGate, type TestGate } from '../support/gate.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

/** The audit service in a database of its own; without a broker and the other services. */
export class AuditLog {
  readonly registry = new FakeRegistry([known('groups', 'auditors', { members: ['olga'], channel: {} })]);
  readonly key: CheckpointKey;
  readonly store: LogStore;
  readonly appendLeaves: AppendLeaves;
  readonly sign: SignCheckpoint;
  readonly controller: AuditController;

  constructor(
    readonly gate: TestGate,
    readonly database: Database,
    /** The owner of the tables, as whom migrations run. */
    readonly owner: Database,
  ) {
    this.key = new CheckpointKey(gate.keyring('audit'), '1');
    this.store = new LogStore(database);
    this.appendLeaves = new AppendLeaves(this.store);
    this.sign = new SignCheckpoint(database, this.store, this.key);
    const exporting = new ExportLog(this.store, this.key, new TrustFilePath(gate.trustFile));
    this.controller = new AuditController(this.store, exporting, this.registry);
  }

  /** As `sallyport audit key` prints it. */
  get verifierKey(): string {
    return verifierKeys(this.gate.trustFile, '1').join();
  }

  async hear(...events: Incoming<unknown>[]): Promise<void> {
    await this.database.transaction((tx) => this.appendLeaves.handle(events, tx));
  }

  /** As the owner, whose slips a trigger stops. */
  async asOwner(work: (tx: Tx) => Promise<unknown>): Promise<void> {
    await this.owner.transaction(async (tx) => {
      await tx.query(`SET LOCAL ROLE ${ownerRole}`);
      await tx.query('SET LOCAL search_path = audit');
      await work(tx);
    });
  }

  async seqs(): Promise<number[]> {
    return (await this.database.query<{ seq: string }>('SELECT seq FROM leaves ORDER BY seq')).map(({ seq }) =>
      Number(seq),
    );
  }

  /** What an auditor gets at the door, in the files that `sallyport audit export` writes. */
  async exportTo(folder: string): Promise<void> {
    const caller = { kind: 'person', person: aPerson('olga'), iss: 'i', sub: 'olga', clientId: 'c' } as const;
    const answer = await this.controller.export(caller);
    const chunks: Buffer[] = [];
    for await (const chunk of answer.getStream()) chunks.push(Buffer.from(chunk as Uint8Array));
    const lines = Buffer.concat(chunks).toString('utf8').split('\n').slice(0, -1);
    const head = JSON.parse(lines.shift() ?? '{}') as { checkpoint: string; keys: string };
    const { manifest } = JSON.parse(lines.pop() ?? '{}') as { manifest: string };
    mkdirSync(folder, { recursive: true });
    const files = { checkpoint: head.checkpoint, 'keys.json': `${head.keys}\n`, manifest };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    writeFileSync(join(folder, 'entries.ndjson'), lines.map((line) => `${line}\n`).join(''));
  }

  async close(): Promise<void> {
    await this.database.close();
    await this.owner.close();
  }
}

/** Each log in a fresh database of one server. */
export class AuditLogs {
  readonly gate = aGate();
  private readonly open: AuditLog[] = [];

  private constructor(private readonly postgres: TestPostgres) {}

  static async start(): Promise<AuditLogs> {
    return new AuditLogs(await startPostgres());
  }

  async fresh(): Promise<AuditLog> {
    const url = await this.postgres.freshDatabase();
    await migrate(url, [{ service: 'audit', password: 'spec', migrations }]);
    const name = new URL(url).pathname.slice(1);
    const at = (address: string): Database => new Database(dataSource(address), new Log('audit', 'error'));
    const log = new AuditLog(this.gate, at(this.postgres.urlAs(roleOf('audit'), 'spec', name)), at(url));
    this.open.push(log);
    return log;
  }

  async end(): Promise<void> {
    for (const log of this.open) await log.close();
    await this.postgres.remove();
    this.gate.remove();
  }
}

const dataSource = (url: string) =>
  makeDataSource({ url, schema: 'audit', pool: 4, applicationName: 'spec', onPoolError: () => undefined });

/** Events of a gate in which everything is as it should be: an action that was allowed and one that two people approved. */
export function events(gate: TestGate): Incoming<unknown>[] {
  const log = new TestLog(gate).registered().accepted(1).allowed(1).released(1).ended(1);
  log.accepted(2).approvalRequired(2).granted(2, ['mia', 'max']).released(2);
  return log.entries.map(({ line }) => {
    const { leaf, value } = JSON.parse(line) as { leaf: string; value: string };
    const place = JSON.parse(leaf) as Pick<Incoming<unknown>, 'type' | 'id' | 'source' | 'subject'>;
    const at = place as typeof place & Pick<Incoming<unknown>, 'topic' | 'partition' | 'offset' | 'time'>;
    const bytes = Buffer.from(value, 'base64');
    const data: unknown = JSON.parse(bytes.toString('utf8'));
    return { ...at, key: at.subject, sequence: 1, traceparent: undefined, data, value: bytes, headers: {} };
  });
}
