import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { serviceEvents, topics } from '#contracts';

const folder = join(import.meta.dirname, 'events');
const golden = (type: string): string => join(folder, `${type.replace(/^sallyport\./u, '')}.json`);

describe('event contracts', () => {
  it.each(serviceEvents.map((event) => [event.type, event] as const))(
    '%s still reads its first golden example',
    (type, event) => {
      const example: unknown = JSON.parse(readFileSync(golden(type), 'utf8'));
      expect(event.data.parse(example)).toEqual(example);
    },
  );

  it('keeps a golden example for ever: none without its event, no event without one', () => {
    const files = readdirSync(folder).sort();
    expect(files).toEqual(serviceEvents.map((event) => golden(event.type).slice(folder.length + 1)).sort());
  });

  it('refuses each example without one of its members', () => {
    for (const event of serviceEvents) {
      const example = JSON.parse(readFileSync(golden(event.type), 'utf8')) as Record<string, unknown>;
      const optional = new Set(['by', 'summary', 'incident', 'lease_id', 'evidence']);
      for (const key of Object.keys(example).filter((name) => !optional.has(name))) {
        const without = Object.fromEntries(Object.entries(example).filter(([name]) => name !== key));
        expect([event.type, key, event.data.safeParse(without).success]).toEqual([event.type, key, false]);
      }
    }
  });

  it('gives every event a topic that only services write', () => {
    const agents: string[] = [topics.requests, topics.outcomes, topics.deadLetters];
    expect(serviceEvents.filter((event) => agents.includes(event.topic))).toEqual([]);
  });
});
