import { actionCancelRequested, leaseReleased, topics, type DataOf } from '#contracts';
import { describe, expect, it } from '@jest/globals';
import { on, onAny, onRaw } from './hears.js';
import type { Incoming, RawRecord } from './incoming.js';

class EndOnAsk {
  async handle(_events: Incoming<DataOf<typeof actionCancelRequested>>[]): Promise<void> {}
}

class SettleLease {
  async handle(_events: Incoming<DataOf<typeof leaseReleased>>[]): Promise<void> {}
}

class TakeRaw {
  async handle(_records: RawRecord[]): Promise<void> {}
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
