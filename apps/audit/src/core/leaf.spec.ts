import { describe, expect, it } from '@jest/globals';
import { commitment } from '#trust';
import { leafOf, type Recorded } from './leaf.js';

const event: Recorded = {
  type: 'sallyport.lease.released.v1',
  id: '01940000-0000-7000-8000-000000000001',
  source: 'urn:sallyport:service:credentials',
  subject: '01940000-0000-7000-8000-000000000002',
  topic: 'sallyport.leases.v1',
  partition: 3,
  offset: '9007199254740993',
  time: '2026-01-01T00:00:00.000Z',
};
const salt = Buffer.alloc(32, 1);

describe('a leaf', () => {
  it('holds a commitment and not the value', () => {
    const value = Buffer.from('{"secret":"canary"}');
    const { text } = leafOf(event, value, salt);
    expect(text).not.toContain('canary');
    expect(text).toContain(commitment(value, salt));
  });

  it('keeps offsets above 2^53 exactly', () => {
    expect(leafOf(event, Buffer.from('x'), salt).text).toContain('"offset":"9007199254740993"');
  });

  it('changes with every member, the value and the salt', () => {
    const base = leafOf(event, Buffer.from('x'), salt).hash.toString('hex');
    const others = [
      ...Object.keys(event).map((key) =>
        leafOf({ ...event, [key]: key === 'partition' ? 4 : 'z' }, Buffer.from('x'), salt),
      ),
      leafOf(event, Buffer.from('y'), salt),
      leafOf(event, Buffer.from('x'), Buffer.alloc(32, 2)),
    ];
    expect(others.filter((leaf) => leaf.hash.toString('hex') === base)).toEqual([]);
    expect(new Set(others.map((leaf) => leaf.hash.toString('hex'))).size).toBe(others.length);
  });
});
