import type { Known, RequestValue } from '#contracts';
import { canonical } from './canonical.js';
import { moneyText } from './money.js';
import { safeText } from './text.js';

const longest = 160;

/**
 * The sentence that stands first, written by the gate. The action type's `view` may name `{property}`, `{resource}`, and
 * for a property `amount_minor` beside a `currency` also `{amount}`: `2,500.00 EUR`. Whatever the agent wrote is shown
 * safely and is cut visibly, since the exact bytes stand below.
 */
export function headlineOf(
  value: RequestValue,
  agent: Known<'agents'>,
  actionType: Known<'action-types'> | undefined,
): string {
  const who = `${agent.id} (run by ${agent.spec.owner})`;
  const resource = `${value.resource.type} ${value.resource.id}`;
  if (actionType === undefined)
    return safeText(`${who} asks for ${value.action.name} on ${resource}: uninspectable, raw view only`);
  const { properties } = value.action;
  const sentence = actionType.spec.view.replace(/\{([^{}]+)\}/gu, (written, name: string) => {
    if (name === 'resource') return value.resource.id;
    return Object.hasOwn(properties, name) ? short(properties[name]) : (amountOf(properties, name) ?? written);
  });
  return safeText(`${who} wants to ${sentence}`);
}

/** In money where it is that, else in minor units of whatever stands there: no doubtful amount looks like a plain one. */
function amountOf(properties: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const minor = `${name}_minor`;
  if (!Object.hasOwn(properties, minor)) return undefined;
  const { [minor]: amount, currency } = properties;
  if (currency === undefined) return `${short(amount)} minor units`;
  return moneyText(amount, currency) ?? `${short(amount)} minor units of ${short(currency)}`;
}

function short(value: unknown): string {
  const text = typeof value === 'string' ? value : canonical(value);
  if (text.length <= longest) return text;
  // Cutting between two halves of a character leaves one that safeText mends.
  return `${text.slice(0, longest)}… (${text.length - longest} more)`;
}
