import { describe, expect, it } from '@jest/globals';
import type { ChangeWindow } from '#contracts';
import { openWindow } from './windows.js';

const weekly = (more: Partial<Extract<ChangeWindow, { kind: 'weekly' }>> = {}): ChangeWindow => ({
  kind: 'weekly', id: 'mw', weekday: 6, from: '22:00', minutes: 240, time_zone: 'Europe/Berlin', ...more,
}); // prettier-ignore
const isOpen = (window: ChangeWindow, at: string): boolean => openWindow([window], new Date(at)) !== undefined;

describe('a weekly window', () => {
  // 2026-11-21 is a Saturday; Berlin is UTC+1.
  it.each([
    ['just before it opens', '2026-11-21T20:59:59.999Z', false],
    ['at its first instant', '2026-11-21T21:00:00.000Z', true],
    ['after midnight', '2026-11-22T00:30:00.000Z', true],
    ['in its last millisecond', '2026-11-22T00:59:59.999Z', true],
    ['at its end', '2026-11-22T01:00:00.000Z', false],
    ['at the same hour of another day', '2026-11-20T22:30:00.000Z', false],
  ])('%s', (_, at, open) => {
    expect(isOpen(weekly(), at)).toBe(open);
  });

  it('is read in its own zone and not in UTC', () => {
    expect(isOpen(weekly({ time_zone: 'UTC' }), '2026-11-21T21:30:00.000Z')).toBe(false);
    expect(isOpen(weekly({ time_zone: 'America/New_York' }), '2026-11-22T03:30:00.000Z')).toBe(true);
    expect(isOpen(weekly({ time_zone: 'Pacific/Auckland' }), '2026-11-21T10:00:00.000Z')).toBe(true);
  });

  it('follows summer time: the wall clock stays, the instant moves', () => {
    expect(isOpen(weekly(), '2026-07-18T20:00:00.000Z')).toBe(true);
    expect(isOpen(weekly(), '2026-07-18T19:59:59.999Z')).toBe(false);
  });

  it('lasts real minutes over the night in which an hour is missing', () => {
    // Sunday 2026-03-29, 02:00 becomes 03:00 in Berlin: from 01:00 (00:00Z) two hours last until 02:00Z, which is 04:00 there.
    const night = weekly({ weekday: 0, from: '01:00', minutes: 120 });
    expect(isOpen(night, '2026-03-29T01:59:59.999Z')).toBe(true);
    expect(isOpen(night, '2026-03-29T02:00:00.000Z')).toBe(false);
  });

  it('begins after the jump when its beginning is jumped over', () => {
    const missing = weekly({ weekday: 0, from: '02:30', minutes: 60 });
    expect(isOpen(missing, '2026-03-29T01:29:59.999Z')).toBe(false);
    expect(isOpen(missing, '2026-03-29T01:30:00.000Z')).toBe(true);
    expect(isOpen(missing, '2026-03-29T02:29:59.999Z')).toBe(true);
    expect(isOpen(missing, '2026-03-29T02:30:00.000Z')).toBe(false);
  });

  it('begins the first time in the hour that runs twice', () => {
    // Sunday 2026-10-25: 02:30 is 00:30Z and again 01:30Z.
    const twice = weekly({ weekday: 0, from: '02:30', minutes: 30 });
    expect(isOpen(twice, '2026-10-25T00:30:00.000Z')).toBe(true);
    expect(isOpen(twice, '2026-10-25T01:30:00.000Z')).toBe(false);
  });

  it('lasts real minutes over the night in which an hour runs twice', () => {
    // From 01:30 (2026-10-24T23:30Z) two hours last until 01:30Z, which is 02:30 for the second time.
    const night = weekly({ weekday: 0, from: '01:30', minutes: 120 });
    expect(isOpen(night, '2026-10-24T23:29:59.999Z')).toBe(false);
    expect(isOpen(night, '2026-10-25T01:29:59.999Z')).toBe(true);
    expect(isOpen(night, '2026-10-25T01:30:00.000Z')).toBe(false);
  });

  it('knows a zone that moves by half an hour', () => {
    // Lord Howe: on Sunday 2026-10-04, 02:00 (+10:30) becomes 02:30 (+11).
    const island = weekly({ weekday: 0, from: '03:00', minutes: 30, time_zone: 'Australia/Lord_Howe' });
    expect(isOpen(island, '2026-10-03T15:59:59.999Z')).toBe(false);
    expect(isOpen(island, '2026-10-03T16:00:00.000Z')).toBe(true);
  });

  // 2028-02-29 is a Tuesday.
  it.each([
    ['opens on a leap day', 2, '2028-02-29T22:00:00.000Z', true],
    ['is over the day after it', 2, '2028-03-01T22:00:00.000Z', false],
    ['lasts from the day before into it', 1, '2028-02-29T01:59:59.999Z', true],
    ['opens a week after it', 2, '2028-03-07T22:00:00.000Z', true],
    ['opens on 1 March in a year without one', 1, '2027-03-01T22:00:00.000Z', true],
  ])('%s', (_, weekday, at, open) => {
    expect(isOpen(weekly({ weekday, time_zone: 'UTC' }), at)).toBe(open);
  });

  it('can last a whole week', () => {
    const always = weekly({ minutes: 10_080, time_zone: 'UTC' });
    expect(isOpen(always, '2026-11-21T21:59:59.000Z')).toBe(true);
    expect(isOpen(always, '2026-11-27T12:00:00.000Z')).toBe(true);
  });

  it('never opens in a zone that does not exist', () => {
    expect(isOpen(weekly({ time_zone: 'Mars/Olympus' }), '2026-11-21T22:00:00.000Z')).toBe(false);
  });
});

describe('windows', () => {
  const once: ChangeWindow = {
    kind: 'once',
    id: 'once',
    from: '2026-11-21T21:30:00.000Z',
    until: '2026-11-21T22:00:00.000Z',
  };

  it('a single one is open from its first instant to before its last', () => {
    expect(isOpen(once, once.from)).toBe(true);
    expect(isOpen(once, '2026-11-21T21:59:59.999Z')).toBe(true);
    expect(isOpen(once, '2026-11-21T22:00:00.000Z')).toBe(false);
  });

  it('of several, the one that stays open longest is the fact', () => {
    expect(openWindow([once, weekly()], new Date('2026-11-21T21:45:00.000Z'))?.id).toBe('mw');
    expect(openWindow([], new Date('2026-11-21T21:45:00.000Z'))).toBeUndefined();
  });
});
