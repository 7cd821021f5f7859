import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseFilter } from './filter.js';
import { matches } from './matches.js';
import type { Outcome } from './outcome.js';
import { filled, patched } from './patch.js';
import { placeOf } from './path.js';
import { questionOf } from './question.js';
import { enterpriseAttributes, groupShape, urns, userShape } from './shapes.js';

const shapes = [userShape, groupShape];
const scimTypeOf = (outcome: Outcome<unknown>) => (outcome.ok ? 'ok' : outcome.refusal.scimType);

/** Pieces of the grammar in any order: nearly right is where parsers break. */
const piece = fc.constantFrom(
  'userName', 'emails', 'members', 'name.familyName', 'id', 'active', ' ', ' eq ', ' pr', ' and ', ' or ', 'not ', '(', ')', '[', ']',
  '"x"', '"\\u0000"', '"', 'true', 'False', 'null', '-1.5e3', '.', 'value', `${urns.user}:userName`, urns.enterprise, '__proto__', 'constructor',
); // prettier-ignore
const nearly = fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join(''));
const text = fc.oneof(fc.string({ unit: 'binary' }), nearly);

describe('whatever a provider writes', () => {
  it('a filter is read or is invalidFilter, and what was read can be asked or is invalidFilter', () => {
    fc.assert(
      fc.property(text, fc.constantFrom(...shapes), (written, shape) => {
        const filter = parseFilter(written);
        const question = filter.ok ? questionOf(shape, filter.value) : filter;
        expect(['ok', 'invalidFilter']).toContain(scimTypeOf(question));
        if (filter.ok) expect(typeof matches(filter.value, { value: 'x' })).toBe('boolean');
      }),
    );
  });

  it('a path names an attribute or is invalidPath', () => {
    fc.assert(
      fc.property(text, fc.constantFrom(...shapes), (written, shape) => {
        expect(['ok', 'invalidPath']).toContain(scimTypeOf(placeOf(shape, written)));
      }),
    );
  });

  it('a name that no schema knows is invalidPath, with or without URN, part and filter', () => {
    const known = [...userShape.attributes.keys(), ...enterpriseAttributes.keys(), ...groupShape.attributes.keys()];
    const name = fc.stringMatching(/^[A-Za-z$][\w$-]{0,20}$/u).filter((one) => !known.includes(one.toLowerCase()));
    const urn = fc.constantFrom('', `${urns.user}:`, `${urns.group}:`, `${urns.enterprise}:`, 'urn:of:nothing:');
    const rest = fc.constantFrom('', '.value', '[value eq "x"]', '[value eq "x"].type');
    fc.assert(
      fc.property(urn, name, rest, fc.constantFrom(...shapes), (before, unknown, after, shape) => {
        expect(scimTypeOf(placeOf(shape, before + unknown + after))).toBe('invalidPath');
        const operation = { op: 'replace', path: before + unknown + after, value: 'x' };
        expect(scimTypeOf(patched(shape, {}, { Operations: [operation] }))).toBe('invalidPath');
      }),
    );
  });

  it('a body is taken or refused, keeps to the names that are kept, and leaves what was there untouched', () => {
    const op = fc.constantFrom('add', 'Replace', 'REMOVE', 'move');
    const operation = fc.record({ op, path: fc.oneof(nearly, fc.constant(undefined)), value: fc.jsonValue() }, { requiredKeys: ['op'] }); // prettier-ignore
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 5 }), fc.jsonValue(), fc.constantFrom(...shapes), (operations, body, shape) => {
        const before = { emails: [{ value: 'a', type: 'work' }], members: [{ value: 'm' }], active: true };
        const copy = structuredClone(before);
        const kept = [...shape.attributes.values()].map(({ name }) => name).concat(Object.keys(before));
        for (const outcome of [patched(shape, before, { Operations: operations }), filled(shape, before, body)]) {
          if (outcome.ok) expect(kept).toEqual(expect.arrayContaining(Object.keys(outcome.value)));
        }
        expect(before).toEqual(copy);
      }),
    ); // prettier-ignore
  });
});
