import type { Known, RequestValue } from '#contracts';
import { canonical } from './canonical.js';
import { safeText } from './text.js';

const longest = 160;

/**
 * The sentence that stands first, written by the gate. The action type's `view` may name `{property}` and
 * `{resource}`; whatever the agent wrote is shown safely and is cut visibly, since the exact bytes stand below.
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
    return Object.hasOwn(properties, name) ? short(properties[name]) : written;
  });
  return safeText(`${who} wants to ${sentence}`);
}

function short(value: unknown): string {
  const text = typeof value === 'string' ? value : canonical(value);
  if (text.length <= longest) return text;
  // Cutting between two halves of a character leaves one that safeText mends.
  return `${text.slice(0, longest)}… (${text.length - longest} more)`;
}
