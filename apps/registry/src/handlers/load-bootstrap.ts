import { ProblemError } from '#contracts';
import { Database, type Tx } from '#database';
import { isRetryable, Log, Readiness, retrying, Shutdown } from '#platform';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { readBootstrap, type First } from '../core/bootstrap.js';
import { objectionTo } from '../core/change.js';
import { heldIn } from '../core/held.js';
import { BootstrapFile } from '../io/bootstrap-file.js';
import { EntriesStore } from '../io/entries.store.js';
import { RecordVersion } from './record-version.js';

type State = { ok: boolean; detail: string };

/** What the start of the process looks like from here. */
@Injectable()
export class BootstrapPlatform {
  constructor(
    readonly log: Log,
    readonly readiness: Readiness,
    readonly shutdown: Shutdown,
  ) {}
}

type Loaded = 'loaded' | 'not_needed' | 'empty';

/** An empty registry without a file has no registrar, and nobody who could make one. */
const states: Record<Loaded, State> = {
  loaded: { ok: true, detail: 'the bootstrap file was read' },
  not_needed: { ok: true, detail: 'not needed' },
  empty: { ok: false, detail: 'the registry is empty: name SALLYPORT_REGISTRY_BOOTSTRAP_FILE and start again' },
};

/** Fills an empty registry from the file that the settings name. A registry that ever held an entry does not look at the file. */
@Injectable()
export class LoadBootstrap implements OnApplicationBootstrap {
  #state: State = { ok: false, detail: 'not looked at yet' };

  constructor(
    private readonly database: Database,
    private readonly entries: EntriesStore,
    private readonly record: RecordVersion,
    private readonly file: BootstrapFile,
    private readonly platform: BootstrapPlatform,
  ) {
    platform.readiness.register('bootstrap', () => Promise.resolve(this.#state));
  }

  /** In the background: the database may come later than the process. */
  onApplicationBootstrap(): void {
    const { log, shutdown } = this.platform;
    void retrying(() => this.load(), { signal: shutdown.signal })
      .then((loaded) => {
        this.#state = states[loaded];
        log.info('bootstrap.looked', { outcome: loaded });
      })
      .catch((error: unknown) => {
        this.#state = { ok: false, detail: 'the bootstrap file is refused: see the log' };
        if (shutdown.signal.aborted && isRetryable(error)) return;
        const detail = error instanceof ProblemError ? error.problem.detail : undefined;
        log.error('bootstrap.refused', { file: this.file.path, detail, error });
      });
  }

  async load(): Promise<Loaded> {
    return this.database.transaction(async (tx) => {
      const at = await this.entries.lock(tx);
      if (!(await this.entries.isEmpty(tx))) return 'not_needed';
      const { path } = this.file;
      if (path === undefined) return 'empty';
      const read = readBootstrap(await this.file.read(path));
      if (!read.ok) throw new ProblemError(read.code, { detail: read.detail });
      await this.#write(read.value, at, tx);
      return 'loaded';
    });
  }

  async #write(first: readonly First[], at: Date, tx: Tx): Promise<void> {
    const held = heldIn(first.map((entry) => ({ ...entry, version: 1, deleted: false })));
    const objection = first.map(({ kind, spec }) => objectionTo(kind, spec, held)).find((one) => one !== undefined);
    if (objection) throw new ProblemError(objection.code, { detail: objection.detail });
    await this.record.handle(
      first.map(({ kind, id, spec }) => ({ kind, id, current: undefined, spec, by: 'bootstrap', at })),
      tx,
    );
  }
}
