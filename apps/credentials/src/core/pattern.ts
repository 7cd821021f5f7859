/**
 * Does a resource id fit a registered pattern? Segments are divided by `/`; `*` stands for exactly one of them, `**` at
 * the end for one or more that remain. Everything else is literal: no partial wildcards, no case folding.
 */
export function fitsPattern(pattern: string, id: string): boolean {
  const wanted = pattern.split('/');
  const given = id.split('/');
  const open = wanted.at(-1) === '**';
  if (open ? given.length < wanted.length : given.length !== wanted.length) return false;
  return (open ? wanted.slice(0, -1) : wanted).every((segment, i) => segment === '*' || segment === given[i]);
}
