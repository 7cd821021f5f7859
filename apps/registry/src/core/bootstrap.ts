import { applyOrder, entryDocument, type RegistryKind, type SpecOf } from '#contracts';
import { readSpec, type Decided } from './change.js';

export interface First {
  kind: RegistryKind;
  id: string;
  spec: SpecOf<RegistryKind>;
}

/**
 * What an empty registry may be filled with from a file: people, and the group `registrars`. All else is registered by
 * those people through the door, under their names.
 */
export function readBootstrap(documents: readonly unknown[]): Decided<First[]> {
  const entries: First[] = [];
  for (const [n, document] of documents.entries()) {
    const read = readDocument(document);
    if (!read.ok) return { ...read, detail: `document ${String(n + 1)}: ${read.detail}` };
    entries.push(read.value);
  }
  if (!entries.some(({ kind }) => kind === 'groups')) return wrong('the group registrars is missing');
  // Stable, so that documents of one kind keep the order of the file.
  return { ok: true, value: entries.sort((a, b) => applyOrder.indexOf(a.kind) - applyOrder.indexOf(b.kind)) };
}

function readDocument(document: unknown): Decided<First> {
  const parsed = entryDocument.safeParse(document);
  if (!parsed.success) return wrong(`${parsed.error.issues[0]?.path.join('.') ?? ''}: expected {kind, id, spec}`);
  const { kind, id, spec } = parsed.data;
  const isAllowed = kind === 'people' || (kind === 'groups' && id === 'registrars');
  if (!isAllowed) return wrong(`${kind}/${id} is neither a person nor the group registrars`);
  const read = readSpec(kind, spec);
  return read.ok ? { ok: true, value: { kind, id, spec: read.value } } : read;
}

const wrong = (detail: string): { ok: false; code: 'schema_mismatch'; detail: string } => ({
  ok: false,
  code: 'schema_mismatch',
  detail,
});
