import type { Masking, Plan, PlanSecrets } from '#contracts';
import { canonical, digestOf } from './canonical.js';
import type { JsonValue } from './strict-json.js';

/** `full` shows everything; in the others secret values are hidden. The name is part of what is digested and signed. */
export type ViewVariant = 'full' | 'masked' | 'digest';
export type Hiding = Exclude<ViewVariant, 'full'>;

/** What the people of this group are shown; without a group, whoever may look without deciding. */
export function variantOf({ secrets }: Pick<Plan, 'secrets'>, group: string | undefined): ViewVariant {
  if (secrets === undefined) return 'full';
  const own = secrets.groups.find((one) => one.group === group);
  return variants[own?.masking ?? secrets.usual];
}

/** Every variant of a plan's view; the last one hides the most. */
export function variantsOf({ secrets }: Pick<Plan, 'secrets'>): ViewVariant[] {
  return secrets === undefined ? ['full'] : ['full', 'masked', 'digest'];
}

const variants: Record<Masking, ViewVariant> = { shown: 'full', masked: 'masked', digest: 'digest' };

/** Which of these members a value has, at any depth. */
export function membersNamed(value: unknown, names: ReadonlySet<string>): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const below = Object.values(value).flatMap((member) => membersNamed(member, names));
  const own = Array.isArray(value) ? [] : Object.keys(value).filter((name) => names.has(name));
  return [...new Set([...own, ...below])].sort();
}

/**
 * The canonical text of a request whose secret members are hidden; and wherever else in what the agent wrote the same text
 * stands (a justification, another property), it is hidden as well. Texts of less than six characters are not looked for:
 * they occur by themselves. What the gate itself needs to read (names, ids, the access) stays.
 */
export function maskedText(request: object, { names }: Pick<PlanSecrets, 'names'>, hiding: Hiding): string {
  const secret = new Set(names);
  const value = request as Record<'action' | 'resource' | 'context', Record<string, JsonValue>>;
  const { properties = {}, ...action } = value.action;
  const traces = [...new Set(textsOf(properties, secret))].filter((text) => text.length >= 6);
  const clean = wiper(traces.sort((a, b) => b.length - a.length));
  const { properties: claimed, ...resource } = value.resource;
  return canonical({
    ...value,
    action: { ...action, properties: hidden(properties, secret, { hiding, clean }) },
    resource: { ...resource, ...(claimed !== undefined && { properties: clean(claimed) }) },
    context: clean(value.context),
  });
}

interface Hide {
  hiding: Hiding;
  clean: (value: JsonValue) => JsonValue;
}

function hidden(value: JsonValue, secret: ReadonlySet<string>, hide: Hide): JsonValue {
  if (Array.isArray(value)) return value.map((each) => hidden(each, secret, hide));
  if (typeof value !== 'object' || value === null) return hide.clean(value);
  const members = Object.entries(value).map(([name, member]) => {
    return [name, secret.has(name) ? standIn(member, hide.hiding) : hidden(member, secret, hide)] as const;
  });
  return Object.fromEntries(members);
}

/** Long texts (a card number, an API key) are told apart by their last four characters. */
function standIn(value: JsonValue, hiding: Hiding): string {
  if (hiding === 'digest') return digestOf(value);
  const chars = typeof value === 'string' ? Array.from(value) : [];
  return chars.length < 16 ? '••••' : `••••${chars.slice(-4).join('')}`;
}

/** All texts and numbers inside the secret members. */
function textsOf(value: JsonValue, secret: ReadonlySet<string>, isInside = false): string[] {
  if (typeof value === 'string' || typeof value === 'number') return isInside ? [String(value)] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => textsOf(member, secret, isInside || secret.has(name)));
}

function wiper(traces: readonly string[]): (value: JsonValue) => JsonValue {
  const wipe = (value: JsonValue): JsonValue => {
    if (typeof value === 'string') return traces.reduce((text, trace) => text.replaceAll(trace, '••••'), value);
    if (typeof value === 'number') return traces.includes(String(value)) ? '••••' : value;
    if (Array.isArray(value)) return value.map(wipe);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, wipe(member)]));
  };
  return wipe;
}
