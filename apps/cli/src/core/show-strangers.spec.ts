import { describe, expect, it } from '@jest/globals';
import type { Stranger } from '#contracts';
import { saidOfDrop, showStrangers } from './show-strangers.js';

const found: Stranger = {
  target: 'orders-db',
  lease_id: '019abbbb-0000-7000-8000-00000000dead',
  is_over: false,
  found_at: '2026-11-21T22:35:00.000Z',
};
const closed = { ...found, closed_at: '2026-11-21T22:35:01.000Z' };
const confirmed = { by: 'ines', at: '2026-11-21T22:40:00.000Z', reason: 'it owns nothing' };
const screen = (one: Stranger): string => showStrangers({ strangers: [one] });

describe('the screen of strangers', () => {
  it('says that there are none', () => {
    expect(showStrangers({ strangers: [] })).toContain('Nothing stands at a target');
  });

  it('says loudly while one can still be used', () => {
    expect(screen(found)).toContain('NOT YET');
    expect(screen(closed)).not.toContain('NOT YET');
  });

  it('names the command for what a person has to decide, and only for that', () => {
    const command = 'sallyport targets drop-stranger orders-db 019abbbb-0000-7000-8000-00000000dead';
    expect(screen(closed)).toContain(command);
    expect(screen({ ...closed, is_over: true })).not.toContain(command);
    expect(screen({ ...closed, confirmed })).not.toContain(command);
    expect(screen({ ...closed, confirmed })).toContain('as soon as the target answers');
  });

  it('says who let it go, and when it was gone', () => {
    const dropped = { ...closed, confirmed, dropped_at: '2026-11-21T22:40:01.000Z' };
    expect(screen(dropped)).toContain('ines');
    expect(screen(dropped)).toContain('dropped');
    expect(saidOfDrop(dropped)).toBe('Dropped, with what it owned.');
    expect(saidOfDrop({ ...closed, confirmed })).toContain('targets strangers');
  });
});
