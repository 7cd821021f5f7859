import type { ChangeWindow } from '#contracts';
import { mismatch, none, registrarsOnly, repeated, type KindRule, type Objection } from '../kind-rule.js';

function windowObjection(window: ChangeWindow): Objection | undefined {
  if (window.kind === 'once') {
    return window.from < window.until ? undefined : mismatch(`windows: ${window.id} ends before it begins`);
  }
  if (!/^(?:[01]\d|2[0-3]):[0-5]\d$/u.test(window.from))
    return mismatch(`windows: ${window.id} begins at no time of day`);
  return isTimeZone(window.time_zone) ? undefined : mismatch(`windows: ${window.id} names no IANA time zone`);
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

export const resources: KindRule<'resources'> = {
  writers: registrarsOnly,
  references: ({ owner_group: id }) => [{ kind: 'groups', id }],
  claims: none,
  objection: ({ windows, fields }) => {
    const twice = repeated(windows.map(({ id }) => id)) ?? repeated(fields.map(({ name }) => name));
    if (twice !== undefined) return mismatch(`${twice} occurs twice`);
    return windows.map(windowObjection).find((objection) => objection !== undefined);
  },
};
