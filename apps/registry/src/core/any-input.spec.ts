import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { registryKinds } from '#contracts';
import { anAgentSpec, aPersonSpec, aSigningKey } from '../../../../test/support/gate.js';
import { objectionTo, readSpec } from './change.js';
import { heldIn } from './held.js';

const nothing = heldIn([]);
const schema = { type: 'object', additionalProperties: false };
const good: Record<string, unknown>[] = [
  { ...anAgentSpec([aSigningKey().jwk]) },
  { ...aPersonSpec('u') },
  { members: [], channel: {} },
  { properties_schema: schema, risk: 'low', view: '{a}' },
];

/** A good entry with one member replaced by anything: closer to the edge than anything at all. */
const bent = fc
  .record({ base: fc.constantFrom(...good), at: fc.nat(), value: fc.jsonValue() })
  .map(({ base, at, value }) => ({ ...base, [Object.keys(base)[at % Object.keys(base).length] ?? '']: value }));

it.each(registryKinds)('%s: any body is read or refused with a place, and never a fault', (kind) => {
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), bent), (body) => {
      const read = readSpec(kind, body);
      if (read.ok) objectionTo(kind, read.value, nothing);
      else expect(typeof read.detail).toBe('string');
    }),
    { numRuns: 500 },
  );
});

it('any schema of an action type is open or closed, and never a fault', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const read = readSpec('action-types', {
        properties_schema: { ...schema, properties: { a: value } },
        risk: 'low',
        view: '',
      });
      if (read.ok) objectionTo('action-types', read.value, nothing);
    }),
    { numRuns: 1_000 },
  );
});
