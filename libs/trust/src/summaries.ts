import type { ActionType, RowsSummary, ShownSummary } from '#contracts';
import { canonical, digestOf } from './canonical.js';
import type { JsonValue } from './strict-json.js';

type Properties = Readonly<Record<string, JsonValue>>;
type Summaries = ActionType['summaries'];

/** The longest value that people are shown in full. Bytes: of a text itself, of anything else in canonical form. */
export const longestShown = 16_384;
/** All that they are shown of the values of one request. */
export const mostShown = 32_768;

export interface ShownProperties {
  properties: Record<string, JsonValue>;
  summaries: ShownSummary[];
}

/**
 * What people are shown of the values of an action: each in full or, where it is too long, as its action type sums it up.
 * Nothing is ever cut: what has no summary stays as it is. Such a request is refused before anybody sees it.
 */
export function shownProperties(properties: Properties, summaries: Summaries): ShownProperties {
  const all = Object.entries(properties);
  const summed = all.flatMap(([property, value]) => summaryOf(property, value, summaries) ?? []);
  const names = new Set(summed.map(({ property }) => property));
  return { properties: Object.fromEntries(all.filter(([property]) => !names.has(property))), summaries: summed };
}

/** Where a request has more than can be shown to people; undefined where they can be shown all of it. */
export function tooLongToShow(
  { action, resource }: { action: Properties; resource: Properties },
  summaries: Summaries,
): string | undefined {
  const shown = shownProperties(action, summaries);
  const at = (path: string, values: Properties): string | undefined => {
    const name = Object.keys(values).find((one) => bytesOf(values[one] ?? null) > longestShown);
    return name === undefined ? undefined : `${path}.${name}`;
  };
  const long = at('action.properties', shown.properties) ?? at('resource.properties', resource);
  if (long !== undefined) return long;
  const all = bytesOf({ ...shown.properties }) + bytesOf({ ...resource }) + bytesOfText(canonical(shown.summaries));
  return all > mostShown ? 'action.properties' : undefined;
}

function summaryOf(property: string, value: JsonValue, summaries: Summaries): ShownSummary | undefined {
  const how = summaries !== undefined && Object.hasOwn(summaries, property) ? summaries[property] : undefined;
  if (how === undefined || !Array.isArray(value) || bytesOf(value) <= longestShown) return undefined;
  const rows = value.filter(isRow);
  const first = value.slice(0, how.first);
  const sums = how.sums.flatMap((sum) => sumsOf(rows, sum));
  const summary = { property, rows: value.length, digest: digestOf(value), first, sums };
  return bytesOfText(canonical(summary)) <= longestShown ? summary : undefined;
}

type Row = Readonly<Record<string, JsonValue>>;

const isRow = (value: JsonValue): value is Record<string, JsonValue> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Rows without such a whole number are in no sum; how many are in one stands beside it. */
function sumsOf(rows: readonly Row[], { by, field }: RowsSummary['sums'][number]): ShownSummary['sums'] {
  const counted = rows.filter((row) => Number.isSafeInteger(row[field]));
  const groups = Map.groupBy(counted, (row) => (by === undefined ? undefined : nameOf(row[by])));
  const sums = [...groups].map(([of, some]) => ({
    field,
    ...(of !== undefined && { of }),
    rows: some.length,
    sum: some.reduce((sum, row) => sum + BigInt(Number(row[field])), 0n).toString(),
  }));
  return sums.sort((a, b) => ((a.of ?? '') < (b.of ?? '') ? -1 : 1));
}

/** Text stands as it is; whatever else a row has there is told apart from it. */
const nameOf = (value: JsonValue | undefined): string =>
  typeof value === 'string' ? value : `(${canonical(value ?? null)})`;

const bytesOf = (value: JsonValue): number => bytesOfText(typeof value === 'string' ? value : canonical(value));

const bytesOfText = (text: string): number => Buffer.byteLength(text, 'utf8');
