import fc from 'fast-check';

const text = fc.oneof(
  fc.string(),
  fc.constantFrom('INC-77', 'mw-saturday-night', 'EMERG-001', 'dba', 'approved by the CISO', 'allow', '*'),
);
const anything = fc.oneof({ weight: 3, arbitrary: text }, fc.jsonValue({ maxDepth: 2 }));

/** What an agent might write, well-formed or not. */
export function claimsOf(): fc.Arbitrary<unknown> {
  const change = fc.record(
    { ticket: anything, rollback_plan: anything, window_id: anything, tested: anything },
    { requiredKeys: [] },
  );
  return fc.record(
    {
      justification: anything,
      change: fc.oneof({ weight: 4, arbitrary: change }, anything),
      on_behalf_of: fc.oneof(fc.constant({ iss: 'https://idp.example', sub: 'u-17' }), anything),
      incident: anything,
      task_id: anything,
      session_id: anything,
      supersedes: anything,
      resource: anything,
      // Names of facts, in case a rule looks in the wrong place.
      context: anything,
      subject: anything,
      incidents: fc.constant([{ id: 'INC-77', severity: 'sev1', human: true, in_chain: false }]),
    },
    { requiredKeys: [] },
  );
}

/** Takes one member away, somewhere in what the host resolved: subject, resource or context. Never of the action or the claims. */
export function withoutOneFact(): fc.Arbitrary<(input: unknown) => unknown> {
  return fc.nat().map((pick) => (input: unknown) => {
    const copy: unknown = structuredClone(input);
    const places = ['subject', 'resource', 'context'].flatMap((part) =>
      membersOf(Reflect.get(Object(copy) as object, part)),
    );
    const place = places[pick % places.length];
    if (place !== undefined) Reflect.deleteProperty(place.owner, place.key);
    return copy;
  });
}

interface Member {
  owner: object;
  key: string;
}

function membersOf(value: unknown): Member[] {
  if (typeof value !== 'object' || value === null) return [];
  const below = Object.values(value).flatMap(membersOf);
  return Array.isArray(value) ? below : [...Object.keys(value).map((key) => ({ owner: value, key })), ...below];
}

/** A mode for each of some rules. */
export function ruleModes(
  rules: readonly string[],
): fc.Arbitrary<Record<string, { mode: 'enforce' | 'shadow' | 'off' }>> {
  const mode = fc.record({ mode: fc.constantFrom('enforce' as const, 'shadow' as const, 'off' as const) });
  return fc.dictionary(fc.constantFrom(...rules), mode, { maxKeys: rules.length });
}
