import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { registryKind, type RegistryKind } from '#contracts';
import { parseAllDocuments, stringify } from 'yaml';
import { z } from 'zod';
import { Refused } from '../io/failures.js';
import type { Gate } from '../io/gate.js';
import type { Output } from '../io/output.js';

const document = z.strictObject({ kind: registryKind, id: z.string().min(1), spec: z.record(z.string(), z.unknown()) });
const entry = z.looseObject({ version: z.int(), spec: z.unknown().optional() });

export class BadFile extends Error {}

/**
 * Registers every document of a YAML file, in its order. What is registered as it stands is left alone. An agent that somebody has suspended stays so: a
 * file that is applied again and again must not undo a stop.
 */
export async function apply(gate: Gate, output: Output, file: string): Promise<void> {
  for (const document of readDocuments(file)) {
    const current = await find(gate, document.kind, document.id);
    await register(gate, output, { ...document, spec: withoutResuming(document, current, output), current });
  }
}

interface ToRegister {
  kind: RegistryKind;
  id: string;
  spec: Record<string, unknown>;
  current: z.infer<typeof entry> | undefined;
}

async function register(gate: Gate, output: Output, { current, id, kind, spec }: ToRegister): Promise<void> {
  if (isDeepStrictEqual(current?.spec, spec)) {
    output.result({ kind, id, version: current?.version, changed: false }, `unchanged  ${kind}/${id}`);
    return;
  }
  const headers = current === undefined ? {} : { 'if-match': `"${String(current.version)}"` };
  const saved = await gate.call('registry', pathOf(kind, id), entry, { method: 'PUT', body: spec, headers });
  const word = saved.version === current?.version ? 'unchanged ' : 'registered';
  output.result(
    { kind, id, version: saved.version, changed: word === 'registered' },
    `${word} ${kind}/${id} version ${String(saved.version)}`,
  );
}

function withoutResuming(
  { id, kind, spec }: z.infer<typeof document>,
  current: z.infer<typeof entry> | undefined,
  output: Output,
): Record<string, unknown> {
  if (kind !== 'agents' || !isSuspended(current?.spec) || isSuspended(spec)) return spec;
  output.always(`${id} stays suspended: only \`sallyport agents resume ${id}\` lets it ask again.`);
  return { ...spec, state: 'suspended' };
}

const isSuspended = (spec: unknown): boolean =>
  z.looseObject({ state: z.literal('suspended') }).safeParse(spec).success;

export async function get(gate: Gate, output: Output, what: { kind: string; id: string | undefined }): Promise<void> {
  const kind = registryKind.safeParse(what.kind);
  if (!kind.success) throw new BadFile(`no such kind; there are ${registryKind.options.join(', ')}`);
  const answer =
    what.id === undefined
      ? { entries: await allEntries(gate, kind.data, z.looseObject({})) }
      : await gate.call('registry', pathOf(kind.data, what.id), z.looseObject({}));
  output.result(answer, stringify(answer).trimEnd());
}

/** Every live entry of a kind, in the order of their ids: the registry gives them page by page. */
export async function allEntries<T>(gate: Gate, kind: RegistryKind, schema: z.ZodType<T>): Promise<T[]> {
  const page = z.object({ entries: z.array(schema), next: z.string().optional() });
  const all: T[] = [];
  let after = '';
  for (;;) {
    const { entries, next } = await gate.call('registry', `/v1/${kind}${after}`, page);
    all.push(...entries);
    if (next === undefined) return all;
    after = `?after=${encodeURIComponent(next)}`;
  }
}

export async function setAgentState(
  gate: Gate,
  output: Output,
  ask: { id: string; how: 'suspend' | 'resume'; reason: string },
): Promise<void> {
  const { id, how, reason } = ask;
  const path = `${pathOf('agents', id)}/${how}`;
  const answer = await gate.call('registry', path, entry, { method: 'POST', body: { reason } });
  output.result(
    answer,
    how === 'suspend'
      ? `${id} is suspended: nothing of it is released, and what it holds is ended.`
      : `${id} may ask again.`,
  );
}

async function find(gate: Gate, kind: RegistryKind, id: string): Promise<z.infer<typeof entry> | undefined> {
  try {
    return await gate.call('registry', pathOf(kind, id), entry);
  } catch (error) {
    if (error instanceof Refused && error.problem.status === 404) return undefined;
    throw error;
  }
}

function readDocuments(file: string): z.infer<typeof document>[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new BadFile(`${file} cannot be read`);
  }
  return parseAllDocuments(text).map((parsed, index) => {
    const [error] = parsed.errors;
    if (error !== undefined) throw new BadFile(`${file}: ${error.message}`);
    const read = document.safeParse(parsed.toJS());
    if (read.success) return read.data;
    throw new BadFile(`${file}, document ${String(index + 1)}: ${z.prettifyError(read.error)}`);
  });
}

/** Ids may hold slashes (`prod/orders`): they are one segment of the path. */
const pathOf = (kind: RegistryKind, id: string): string => `/v1/${kind}/${encodeURIComponent(id)}`;
