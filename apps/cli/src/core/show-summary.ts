import { requestValue, type ShownSummary } from '#contracts';
import { moneyText } from '#trust';
import { quoted } from './plain-words.js';
import { row } from './say.js';

/** A list that is too long for any screen: how much of it there is, what it adds up to, how it begins, and how to see the whole. */
export function summedUp(actionId: string, { digest, first, property, rows, sums }: ShownSummary): string[] {
  const lines = [
    `${String(rows)} rows, too many to show here`,
    digest,
    ...sums.map(sumLine),
    ...first.map(rowLine),
    `all of it: sallyport approvals show ${actionId} --value ${quoted(property)}`,
  ];
  return row(`  ${property}`, lines.join('\n'));
}

function sumLine({ field, of, rows, sum }: ShownSummary['sums'][number]): string {
  const amount = of !== undefined && field.endsWith('_minor') ? moneyText(Number(sum), of) : undefined;
  const name = of === undefined ? quoted(field) : `${quoted(field)} of ${quoted(of)}`;
  return `sum of ${name}: ${amount ?? sum} in ${String(rows)} rows`;
}

const rowLine = (value: unknown, at: number): string => `row ${String(at + 1)}: ${JSON.stringify(value)}`;

/** All of a property of a request, from the text that stands for it; undefined where there is no such property. */
export function wholeProperty(request: string, name: string): { value: unknown; text: string } | undefined {
  const { properties } = requestValue.parse(JSON.parse(request)).action;
  if (!Object.hasOwn(properties, name)) return undefined;
  const value = properties[name];
  return { value, text: Array.isArray(value) ? value.map(rowLine).join('\n') : JSON.stringify(value) };
}
