import { moneyText } from '#trust';

/** Values as a tired person reads them, from what the gate knows. What the agent wrote is shown as it wrote it. */

/** `2026-11-21 22:30:00 UTC` of an RFC 3339 instant; the fraction of the second is left out. */
export function moment(instant: string): string {
  return instant.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z$/u, '$1 $2 UTC');
}

/** `5 min`, `4 h`, else seconds. */
export function duration(seconds: number): string {
  if (seconds >= 7_200 && seconds % 3_600 === 0) return `${String(seconds / 3_600)} h`;
  if (seconds >= 60 && seconds % 60 === 0) return `${String(seconds / 60)} min`;
  return `${String(seconds)} s`;
}

/** Minor units as money: 250000 must not be taken for a quarter of a million. What is no money stays in minor units. */
export function money(minor: number, currency: string): string {
  return moneyText(minor, currency) ?? `${String(minor)} minor units of ${currency}`;
}

/** The money that a member `…_minor` means, by the `currency` beside it; undefined when it is none. */
export function moneyIn(members: Readonly<Record<string, unknown>>, name: string): string | undefined {
  return name.endsWith('_minor') ? moneyText(members[name], members['currency']) : undefined;
}

/** An RFC 3339 instant without a fraction of nothing: `2026-11-21T22:30:00Z`. One word, so that no line breaks inside it. */
export function stamp(instant: string): string {
  return instant.replace(/^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.\d+Z$/u, '$1Z');
}

/** A fact: members as `name=value` or `name(…)`, lists of things one a line. */
export function plain(value: unknown): string {
  return Array.isArray(value) ? value.map(phrase).join('\n') : phrase(value);
}

function phrase(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') return quoted(stamp(value));
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(phrase).join(',');
  return typeof value === 'object' && value !== null ? members(value) : JSON.stringify(value ?? 'none');
}

/** A name or a text that the agent chose cannot pretend to be the next member. */
export function quoted(text: string): string {
  return /^[\p{L}\p{N}@#_./:+*-]+$/u.test(text) ? text : JSON.stringify(text);
}

function members(value: object): string {
  const named = value as Readonly<Record<string, unknown>>;
  const names = Object.keys(named);
  const isMoney = names.some((name) => moneyIn(named, name) !== undefined);
  return names
    .filter((name) => name !== 'currency' || !isMoney)
    .map((name) => {
      const amount = moneyIn(named, name);
      return amount === undefined ? member(quoted(name), named[name]) : `${name.slice(0, -'_minor'.length)}=${amount}`;
    })
    .join(' ');
}

function member(name: string, value: unknown): string {
  const isThing = (each: unknown): boolean => typeof each === 'object' && each !== null;
  if (Array.isArray(value) && value.some(isThing)) return value.map((each) => `${name}(${phrase(each)})`).join('\n');
  return isThing(value) && !Array.isArray(value) ? `${name}(${phrase(value)})` : `${name}=${phrase(value)}`;
}
