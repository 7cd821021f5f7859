import { actionCancelRequested, topics, type DataOf, type leaseReleased } from '#contracts';
import { describe, expect, it } from '@jest/globals';
import { on, onAny, onRaw } from './hears.js';
import type { Incoming, RawRecord } from './incoming.js';

class EndOnAsk {
  count = 0;

  handle(events: Incoming<DataOf<typeof actionCancelRequested>>[]): Promise<void> {
    this.count += events.length;
    return Promise.resolve();
  }
}

class SettleLease {
  count = 0;

  handle(events: Incoming<DataOf<typeof leaseReleased>>[]): Promise<void> {
    this.count += events.length;
    return Promise.resolve();
  }
}

class TakeRaw {
  count = 0;

  handle(records: RawRecord[]): Promise<void> {
    this.count += records.length;
    return Promise.resolve();
  }
}

describe('the list of what a service hears', () => {
  it('takes the right handler for an event', () => {
    expect(on(actionCancelRequested, EndOnAsk)).toMatchObject({ kind: 'event', handler: EndOnAsk });
    expect(onRaw(topics.requests, TakeRaw)).toMatchObject({ kind: 'raw', topic: topics.requests });
  });

  it('does not compile with a handler for another event', () => {
    // @ts-expect-error the data of a released lease are no ask
    expect(on(actionCancelRequested, SettleLease).kind).toBe('event');
    // @ts-expect-error raw records are no events
    expect(on(actionCancelRequested, TakeRaw).kind).toBe('event');
    // @ts-expect-error one event's handler cannot take every event
    expect(onAny([topics.actions], EndOnAsk).kind).toBe('any');
  });
});
