/**
 * The double that a JSON number names, or undefined when a double cannot hold it exactly as written: integers beyond
 * 2^53-1, overflow, underflow, more digits than round-trip, and `-0`, which RFC 8785 would write as `0`.
 */
export function exactNumber(written: string): number | undefined {
  const value = Number(written);
  if (!Number.isFinite(value) || Object.is(value, -0)) return undefined;
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) return undefined;
  if (written.length <= 15 && /^-?\d+$/u.test(written)) return value;
  return decimal(written) === decimal(String(value)) ? value : undefined;
}

/** Sign, significant digits and exponent of ten: equal for `1.50`, `15e-1` and `0.15E1`. */
function decimal(written: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/u.exec(written);
  const [, sign = '', whole = '', fraction = '', power = '0'] = match ?? [];
  const digits = (whole + fraction).replace(/^0+/u, '');
  const significant = digits.replace(/0+$/u, '');
  if (significant === '') return '0';
  return `${sign}${significant}e${Number(power) - fraction.length + digits.length - significant.length}`;
}
