import { topicSettings } from '#contracts';
import { backoff, type Log, type PartState } from '#platform';
import { setTimeout as sleep } from 'node:timers/promises';
import { AsideTopics } from './aside-topics.js';
import { Deletions } from './deletions.js';
import { Delivery, type Failure, type Sends } from './delivery.js';
import { MemoryQueue, sendRows } from './memory-queue.js';
import type { OutboxRow } from './outbox-row.js';
import type { Except } from './outbox-table.js';

export interface RelayTable {
  read(limit: number, except: Except): Promise<OutboxRow[]>;
  first(topic: string): Promise<OutboxRow | undefined>;
  remove(ids: readonly string[]): Promise<void>;
  hasForgotten(seconds: number, except: Except): Promise<boolean>;
}

export interface RelayParts {
  table: RelayTable;
  sender: Sends;
  /** For topics that are set aside. */
  probe: Sends;
  log: Log;
}

const pollMs = 5_000;
/** Every so many polls, held keys are tried again. */
const pollsPerRelease = 12;
const patienceMs = 5_000;
const systemTopics: ReadonlySet<string> = new Set(topicSettings.map(({ topic }) => topic));

/**
 * Sends what this process has committed, straight from memory. The rows are still in the table until the broker has
 * acknowledged them; the table is read at the start, after trouble, when memory is full, and now and then.
 * One send at a time, in the order of ids, so that each key keeps its order.
 */
export class Relay {
  readonly #memory = new MemoryQueue();
  readonly #deletions: Deletions;
  readonly #aside: AsideTopics;
  readonly #delivery: Delivery;
  readonly #stopping = new AbortController();
  #source: 'memory' | 'table' = 'table';
  /** Grows with everything that memory was not told while the table is the source. */
  #missed = 0;
  #failingSince: number | undefined;
  #isResting = false;
  #awake = Promise.withResolvers<undefined>();
  #loop: Promise<void> | undefined;
  #poll: NodeJS.Timeout | undefined;
  #polls = 0;

  constructor(private readonly parts: RelayParts) {
    const { table, sender, probe, log } = parts;
    this.#deletions = new Deletions(table, log);
    this.#aside = new AsideTopics({ table, sender: probe, log, onBack: () => { this.reread(); } }); // prettier-ignore
    this.#delivery = new Delivery({
      sender,
      aside: this.#aside,
      log,
      onSent: (ids) => {
        this.#memory.sent(ids);
        this.#deletions.add(ids);
      },
      onLeft: (ids) => {
        this.#memory.left(ids);
      },
    });
  }

  start(): void {
    this.#loop ??= this.#run();
    this.#poll ??= setInterval(() => void this.#lookForForgotten(), pollMs).unref();
  }

  /** Rows of a transaction that has committed, in the order of ids. */
  enqueue(rows: readonly OutboxRow[]): void {
    if (this.#source === 'table') this.#missed += 1;
    else this.#memory.add(rows);
    this.#wake();
  }

  /** Forget what waits in memory and go by the table. */
  reread(): void {
    this.#memory.clear();
    this.#source = 'table';
    this.#missed += 1;
    this.#wake();
  }

  /** True while what is said is sent within moments. */
  get isWell(): boolean {
    return this.#source === 'memory' && this.#failingSince === undefined;
  }

  get asideTopics(): string[] {
    return this.#aside.list();
  }

  /** Resolves when all that was committed is sent and deleted, or when the relay is stopped. */
  async drain(): Promise<void> {
    while (!this.#stopping.signal.aborted && !(this.isWell && this.#isResting)) await sleep(5);
    if (!this.#stopping.signal.aborted) await this.#deletions.idle();
  }

  /** Ends after the send that is in flight. What was not sent stays in the table. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearInterval(this.#poll);
    this.#wake();
    await this.#loop;
    this.#deletions.giveUp();
    await this.#aside.stop();
    await this.parts.sender.close();
  }

  report(): PartState {
    const aside = this.#aside.list();
    const own = aside.filter((topic) => systemTopics.has(topic));
    if (own.length > 0) return { ok: false, detail: `cannot write to ${own.join(', ')}` };
    const forMs = this.#failingSince === undefined ? 0 : performance.now() - this.#failingSince;
    if (forMs > patienceMs) return { ok: false, detail: 'what was said cannot be sent: no broker takes it' };
    const { held } = this.#delivery;
    if (held.length > 0) return { ok: true, detail: `keys held behind a refused record: ${String(held.length)}` };
    return { ok: true, detail: aside.length === 0 ? 'sending' : `set aside: ${aside.join(', ')}` };
  }

  async #run(): Promise<void> {
    let attempt = 0;
    while (!this.#stopping.signal.aborted) {
      const failure = await this.#step();
      attempt = failure ? attempt + 1 : 0;
      if (failure) await this.#waitAfter(failure.error, attempt);
      else this.#failingSince = undefined;
    }
  }

  async #waitAfter(error: unknown, attempt: number): Promise<void> {
    this.#failingSince ??= performance.now();
    const waitMs = backoff(attempt, { firstMs: 200, longestMs: 10_000 });
    this.parts.log.warn('outbox.not_sent', { attempt, wait_ms: waitMs, error });
    this.reread();
    await sleep(waitMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }

  async #step(): Promise<Failure> {
    try {
      const rows = await this.#next();
      if (rows.length > 0) return await this.#delivery.deliver(rows);
      if (this.#source === 'memory') await this.#rest();
      return undefined;
    } catch (error) {
      return { error };
    }
  }

  async #next(): Promise<OutboxRow[]> {
    if (this.#source === 'memory' && this.#memory.isFull) this.reread();
    if (this.#source === 'memory' || !this.#memory.isEmpty) return this.#memory.take();
    // What is sent and not yet deleted would be read, and sent, again.
    await this.#deletions.idle();
    const missed = this.#missed;
    const rows = await this.parts.table.read(sendRows, this.#except());
    if (rows.length > 0) {
      // Sent before, but the deletion was lost: only that is done again.
      this.#deletions.add(this.#memory.add(rows));
      return this.#memory.take();
    }
    // Nothing was committed since the read began, so memory misses nothing from here on.
    if (missed === this.#missed) this.#source = 'memory';
    return [];
  }

  async #rest(): Promise<void> {
    if (!this.#memory.isEmpty || this.#stopping.signal.aborted) return;
    this.#isResting = true;
    await this.#awake.promise;
    this.#isResting = false;
    this.#awake = Promise.withResolvers<undefined>();
  }

  #wake(): void {
    this.#isResting = false;
    this.#awake.resolve(undefined);
  }

  #except(): Except {
    return { topics: this.#aside.list(), lanes: this.#delivery.held };
  }

  /** A COMMIT whose answer was lost, a row that another process gave back: in the table, but not in memory. */
  async #lookForForgotten(): Promise<void> {
    this.#polls += 1;
    if (this.#polls % pollsPerRelease === 0) this.#delivery.releaseHeld();
    if (!this.isWell || !this.#isResting) return;
    try {
      await this.#deletions.idle();
      if (await this.parts.table.hasForgotten(pollMs / 1_000, this.#except())) this.reread();
    } catch {
      // The database is away; the next poll asks again.
    }
  }
}
