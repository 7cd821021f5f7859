import type { DecisionView } from '#contracts';
import { duration, quoted } from './plain-words.js';
import { shown } from './say.js';

/**
 * What one request wants that is different from another one of the same agent for the same action on the same resource: each property that
 * came, went or changed, and the access. Words of the agent about it are no part of that.
 */
export function differences(now: DecisionView, then: DecisionView): string[] {
  const [a, b] = [membersOf(then), membersOf(now)];
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  const changed = names.flatMap((name) => difference(name, a[name], b[name]));
  const hidden = now.secrets?.are === 'masked' || then.secrets?.are === 'masked';
  return [
    ...(changed.length === 0 ? ['the same properties and access'] : changed),
    ...(hidden ? ['what is hidden from you was not compared'] : []),
  ];
}

/** As text, by name; a name of the agent’s cannot pass for one of the gate. */
function membersOf({ access, action: { properties, summaries = [] } }: DecisionView): Record<string, string> {
  const own = Object.entries(properties).map(([name, value]) => [`property ${quoted(name)}`, JSON.stringify(value)]);
  const summed = summaries.map(({ property, rows, digest }) => [`property ${quoted(property)}`, `${String(rows)} rows, ${digest}`]);
  return Object.fromEntries([
    ...own,
    ...summed,
    ['profile', access.profile],
    ['time', duration(access.ttl_seconds)],
    ['uses', String(access.uses)],
  ]) as Record<string, string>;
} // prettier-ignore

function difference(name: string, then: string | undefined, now: string | undefined): string[] {
  if (then === now) return [];
  if (then === undefined) return [`${name} is new: ${shown(now)}`];
  return [now === undefined ? `${name} is gone: ${then}` : `${name}: ${then} became ${now}`];
}
