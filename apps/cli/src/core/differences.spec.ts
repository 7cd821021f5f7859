import { describe, expect, it } from '@jest/globals';
import type { DecisionView } from '#contracts';
import { differences } from './differences.js';

const view = (properties: Record<string, unknown>, more: Partial<DecisionView> = {}): DecisionView =>
  ({
    action: { name: 'db.schema.migrate', properties, inspectable: true },
    access: { profile: 'orders-ddl', profile_version: 1, ttl_seconds: 300, uses: 1 },
    unverified: { label: '', context: { justification: Math.random() } },
    ...more,
  }) as DecisionView;

describe('what is different from the request before', () => {
  it('is each property that came, went or changed, to the letter', () => {
    const [then, now] = [view({ statement: 'A', rows: 3, kept: [1] }), view({ statement: 'B', limit: 5, kept: [1] })];
    expect(differences(now, then)).toEqual([
      'property statement: "A" became "B"', 'property rows is gone: 3', 'property limit is new: 5',
    ]); // prettier-ignore
  });

  it('is what would be granted', () => {
    const access = { profile: 'wide', profile_version: 1, ttl_seconds: 600, uses: 2 };
    expect(differences(view({}, { access }), view({}))).toEqual([
      'profile: orders-ddl became wide', 'time: 5 min became 10 min', 'uses: 1 became 2',
    ]); // prettier-ignore
  });

  it('is nothing where only the agent’s words about it are others', () => {
    expect(differences(view({ a: 1 }), view({ a: 1 }))).toEqual(['the same properties and access']);
  });

  it('does not claim to know what is hidden', () => {
    const secrets = { names: ['pin'], are: 'masked' } as const;
    const hidden = { ...secrets, names: [...secrets.names] };
    expect(
      differences(view({ pin: '••••' }, { secrets: hidden }), view({ pin: '••••' }, { secrets: hidden })),
    ).toContain('what is hidden from you was not compared');
  });

  it('shows a property that calls itself something else as a property', () => {
    expect(differences(view({ 'time: 5 min became': 1 }), view({}))).toEqual([
      'property "time: 5 min became" is new: 1',
    ]);
  });
});
