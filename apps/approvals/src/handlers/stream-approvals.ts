import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { ProblemError, type ApprovalStreamEvent, type Known } from '#contracts';
import { Log, Shutdown } from '#platform';
import { framesOf, isPlace, placeFrame, told } from '../core/stream.js';
import { ChangeStore } from '../io/change.store.js';
import { RegistryFacts } from '../io/registry-facts.js';

interface Listener {
  personId: string;
  stream: Readable;
  /** Everything before it was told. */
  place: string;
  endsAt: number;
  /** When something was last written to it. */
  wroteAt: number;
}

export interface StreamInput {
  /** `Last-Event-ID`, if the client was here before. */
  lastEventId: string | undefined;
  maxSeconds: number;
}

const everyMs = 500;
const quietMs = 15_000;
/** Of one person; a browser opens six connections to one address. */
const mostOfOne = 6;
const mostOfAll = 1_000;
/** More than this since somebody was last here is a list to read, not news to follow. */
const mostChanges = 1_000;
/** A reader that does not read is let go; it comes back and loses nothing. */
const mostUnreadBytes = 256 * 1_024;

/**
 * Follows changes for the people who listen: one statement each half second for all who are up to date, none while nobody
 * listens. It shows nothing but that something changed; what it is, each reads through its own door.
 */
@Injectable()
export class StreamApprovals {
  private readonly listeners = new Set<Listener>();
  private isRunning = false;

  constructor(
    private readonly changes: ChangeStore,
    private readonly registry: RegistryFacts,
    private readonly log: Log,
    private readonly shutdown: Shutdown,
  ) {
    shutdown.at('http', 'approval streams', () => {
      for (const listener of this.listeners) this.leave(listener);
    });
  }

  /** Throws `rate_limited` where too many listen already, and a retryable fault when the database does not answer. */
  async handle(person: Known<'people'>, { lastEventId, maxSeconds }: StreamInput): Promise<Readable> {
    const own = [...this.listeners].filter(({ personId }) => personId === person.id);
    if (own.length >= mostOfOne || this.listeners.size >= mostOfAll) {
      throw new ProblemError('rate_limited', { retryAfterSeconds: 30 });
    }
    const end = await this.changes.end();
    const knows = lastEventId !== undefined && isPlace(lastEventId) && BigInt(lastEventId) <= BigInt(end);
    const now = performance.now();
    const stream = new Readable({ read: () => undefined });
    const place = knows ? lastEventId : end;
    const listener = { personId: person.id, stream, place, endsAt: now + maxSeconds * 1_000, wroteAt: now };
    stream.once('close', () => this.listeners.delete(listener));
    this.listeners.add(listener);
    stream.push(placeFrame(place));
    if (lastEventId !== undefined && !knows) this.tell(listener, [{ type: 'reset' }], end);
    void this.run();
    return stream;
  }

  private async run(): Promise<void> {
    if (this.isRunning) return;
    this.isRunning = true;
    try {
      while (this.listeners.size > 0 && !this.shutdown.signal.aborted) {
        await this.turn().catch((error: unknown) => {
          this.log.warn('approvals.stream_waits', { error });
        });
        await pause(everyMs, undefined, { signal: this.shutdown.signal }).catch(() => undefined);
      }
    } finally {
      this.isRunning = false;
    }
  }

  /** Nobody's place moves when the database does not answer: they hear it afterwards. */
  private async turn(): Promise<void> {
    for (const listener of this.listeners) if (this.isOver(listener)) this.leave(listener);
    const end = await this.changes.end();
    for (const [place, listeners] of Map.groupBy(this.listeners, (listener) => listener.place)) {
      const changes = await this.changes.between(place, end, mostChanges);
      for (const listener of listeners) {
        const isTooMuch = changes.length === mostChanges;
        const person = listener.personId;
        const events = told(changes, { person, sight: this.registry.sightOf(person) });
        this.tell(listener, isTooMuch ? [{ type: 'reset' }] : events, end);
      }
    }
  }

  private tell(listener: Listener, events: ApprovalStreamEvent[], end: string): void {
    const now = performance.now();
    listener.place = end;
    if (events.length === 0 && now - listener.wroteAt < quietMs) return;
    listener.wroteAt = now;
    listener.stream.push(events.length === 0 ? placeFrame(end) : framesOf(events, end));
    if (listener.stream.readableLength > mostUnreadBytes) listener.stream.destroy();
  }

  /** Its time is up, or the person is not active any more. */
  private isOver({ endsAt, personId }: Listener): boolean {
    return performance.now() >= endsAt || this.registry.known('people', personId)?.spec.state !== 'active';
  }

  private leave(listener: Listener): void {
    this.listeners.delete(listener);
    listener.stream.push(null);
  }
}
