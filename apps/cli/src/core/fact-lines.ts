import type { Confirmation, DecisionView } from '#contracts';
import { plain, stamp } from './plain-words.js';
import { row } from './say.js';

export type Fact = DecisionView['facts'][number];

/** A line about a thing, and behind it what the gate knows of it. */
export function withFacts(head: string, facts: readonly Fact[]): string {
  return [head, ...told(facts)].join('; ');
}

/** Rows of facts, one for each origin. */
export function factsBelow(label: string, facts: readonly Fact[]): string[] {
  return told(facts).flatMap((line, index) => row(index === 0 ? label : '', line));
}

/** Facts of one origin together, without the first part of their names. */
function told(facts: readonly Fact[]): string[] {
  return [...Map.groupBy(facts, originOf)].map(([origin, group]) => {
    const each = group.map((fact) => plain({ [lastName(fact)]: fact.value }));
    return `${each.join(' ').replaceAll('\n', ' ')} (${origin})`;
  });
}

/** What a point is confirmed beside. A list needs its name to be understood; other facts name their parts. */
export function factBeside(fact: Confirmation['fact'], facts: readonly Fact[]): string {
  if (fact === undefined) return 'NO FACT ABOUT THIS';
  const named = facts.find((each) => keyOf(each) === keyOf(fact));
  const value = Array.isArray(fact.value) && named !== undefined ? { [lastName(named)]: fact.value } : fact.value;
  return `${plain(value)} (${originOf(fact)})`;
}

/** A value without the members that are shown already, as long as they are the same. */
export function without(shown: Readonly<Record<string, unknown>>, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([name, member]) => shown[name] !== member));
}

/** Where a fact comes from and since when it is so. */
export const originOf = ({ source, at }: Pick<Fact, 'source' | 'at'>): string => `${source}, ${stamp(at)}`;

/** The same for one and the same fact. */
export const keyOf = ({ value, source, at }: Omit<Fact, 'name'>): string => JSON.stringify({ value, source, at });

const lastName = ({ name }: Fact): string => name.slice(name.indexOf('.') + 1);
