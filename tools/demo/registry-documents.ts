import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { entryDocument, type EntryDocument } from '#contracts';
import { root } from '../world/place.js';

/** What stands in for the words with a dollar. */
export type Words = Readonly<Record<string, unknown>>;

/** The documents of a file in `demo/registry/`. Throws when a word has no meaning here. */
export function documentsOf(name: string, words: Words): EntryDocument[] {
  const text = readFileSync(join(root, 'demo', 'registry', name), 'utf8');
  return parseAllDocuments(text).map((document) => entryDocument.parse(filled(document.toJS(), words)));
}

export function yamlOf(documents: readonly EntryDocument[]): string {
  return documents.map((document) => stringify(document)).join('---\n');
}

function filled(value: unknown, words: Words): unknown {
  if (typeof value === 'string' && value.startsWith('$')) return meaning(value.slice(1), words);
  if (Array.isArray(value)) return value.map((item) => filled(item, words));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, filled(item, words)]));
}

function meaning(word: string, words: Words): unknown {
  const value = words[word];
  if (value === undefined) throw new Error(`$${word} means nothing`);
  return value;
}

const dayMs = 86_400_000;

/**
 * Times of change windows, counted from this morning (UTC). Whole days, so that another start on the same day says the same: what
 * people are about to decide would otherwise change under them.
 */
export function times(now: number): Words {
  const today = now - (now % dayMs);
  const at = (days: number): string => new Date(today + days * dayMs).toISOString();
  return { today: at(0), 'in-2-days': at(2), 'in-30-days': at(30), 'in-31-days': at(31) };
}
