import { z } from 'zod';
import { assigned, type Op } from './assign.js';
import { fine, isObject, refused, type Doc, type Outcome } from './outcome.js';
import { placeOf } from './path.js';
import type { Shape } from './shapes.js';

/** The body of a PATCH (RFC 7644 section 3.5.2). Entra writes `Add`, `Replace`, `Remove`. */
const patchBody = z.looseObject({
  Operations: z
    .array(
      z.looseObject({
        op: z
          .string()
          .toLowerCase()
          .pipe(z.enum(['add', 'replace', 'remove'])),
        path: z.string().optional(),
        value: z.unknown().optional(),
      }),
    )
    .min(1)
    .max(1_000),
});

/** All operations, one after the other, or none. */
export function patched(shape: Shape, doc: Doc, body: unknown): Outcome<Doc> {
  const parsed = patchBody.safeParse(body);
  if (!parsed.success)
    return refused('invalidSyntax', `${parsed.error.issues[0]?.path.join('.') ?? ''}: not an operation`);
  let now = fine(doc) as Outcome<Doc>;
  for (const { op, path, value } of parsed.data.Operations) {
    if (!now.ok) return now;
    now =
      path === undefined || path === ''
        ? spread(shape, now.value, { op, value })
        : at(shape, now.value, { op, path, value });
  }
  return now;
}

function at(shape: Shape, doc: Doc, { op, path, value }: { op: Op; path: string; value: unknown }): Outcome<Doc> {
  const place = placeOf(shape, path);
  return place.ok ? assigned(doc, { op, place: place.value, value }) : place;
}

/** Without a path the value is an object of attributes. Okta repeats the `id` there, which says nothing new. */
function spread(shape: Shape, doc: Doc, { op, value }: { op: Op; value: unknown }): Outcome<Doc> {
  if (op === 'remove') return refused('noTarget', 'what to remove is said by a path');
  if (!isObject(value)) return refused('invalidValue', 'without a path the value is an object');
  return eachOf(shape, doc, { op, value, isStrict: true });
}

/** The body of a POST or PUT on top of what it leaves as it was. What nobody knows is not kept. */
export function filled(shape: Shape, under: Doc, body: unknown): Outcome<Doc> {
  if (!isObject(body)) return refused('invalidSyntax', 'expected a resource');
  return eachOf(shape, under, { op: 'replace', value: body, isStrict: false });
}

interface Spread {
  op: Op;
  value: Record<string, unknown>;
  /** Whether an attribute that no schema knows is refused. */
  isStrict: boolean;
}

function eachOf(shape: Shape, doc: Doc, { op, value, isStrict }: Spread): Outcome<Doc> {
  let now = fine(doc) as Outcome<Doc>;
  for (const [path, held] of Object.entries(value)) {
    if (!now.ok) return now;
    const place = placeOf(shape, path);
    if (!place.ok && isStrict) return place;
    if (!place.ok || place.value.attribute.kind === 'fixed') continue;
    now = assigned(now.value, { op, place: place.value, value: held });
  }
  return now;
}
