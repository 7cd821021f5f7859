import { afterEach, describe, expect, it } from '@jest/globals';
import { uuidv7 } from '#contracts';
import { newId } from './new-id.js';

const timeOf = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);

describe('ids', () => {
  const systemClock = Date.now;
  afterEach(() => {
    Date.now = systemClock;
  });

  it('are UUIDv7 and grow, also many within one millisecond', () => {
    const ids = Array.from({ length: 50_000 }, newId);
    expect(ids.every((id) => uuidv7.safeParse(id).success)).toBe(true);
    expect(ids.every((id, index) => index === 0 || id > (ids[index - 1] ?? ''))).toBe(true);
  });

  it('carry the time, within what the counter may run ahead', () => {
    expect(Math.abs(timeOf(newId()) - Date.now())).toBeLessThan(1000);
  });

  it('grow even when the clock is set back', () => {
    const before = newId();
    Date.now = () => 1_000_000;
    expect(newId() > before).toBe(true);
  });
});
