const same = (want: string, have: string | undefined): boolean => have !== undefined && (want === '*' || want === have);

/**
 * Whether a registered resource pattern covers a resource id. Segments are split at `/`; `*` is exactly one segment, `**`
 * as the last segment is one or more. Nothing else is special, and `*` inside a segment is a plain character, which no id
 * contains. The rules decide by the same definition (`policies/lib/patterns.rego`); a test holds the two together.
 */
export function coversResource(pattern: string, id: string): boolean {
  const want = pattern.split('/');
  const have = id.split('/');
  const open = want.at(-1) === '**';
  const fixed = open ? want.slice(0, -1) : want;
  if (fixed.includes('**')) return false;
  if (open ? have.length <= fixed.length : have.length !== fixed.length) return false;
  return fixed.every((segment, index) => same(segment, have[index]));
}
