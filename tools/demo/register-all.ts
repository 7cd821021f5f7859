import { isDeepStrictEqual } from 'node:util';
import type { EntryDocument } from '#contracts';
import { ensureAgentFile, publicKeysOf } from './agent-files.js';
import { Person } from './actors/person.js';
import { until } from '../world/until.js';
import { documentsOf, type Words } from './registry-documents.js';
import type { Stage } from './stage.js';

/** The agents of `demo/registry/agents.yaml`. */
export const agentNames = ['migrator', 'stager', 'sharer', 'refunder', 'defender'] as const;
export type AgentName = (typeof agentNames)[number];

/** Through the registry's public door, as a registrar; what stands there already as it should is left alone. */
export async function registerAll(stage: Stage, words: Words): Promise<void> {
  const rita = new Person('rita', stage);
  await until(() => rita.isVouchedFor(), { what: 'a key for the registrar', withinMs: 30_000, everyMs: 200 });
  const agents = agentNames.map((name) => agentDocument(stage, name, '1'));
  for (const document of [...documentsOf('gate.yaml', words), ...agents]) {
    const current = await rita.entry(document.kind, document.id);
    if (current === undefined || !saysAll(current.spec, document)) await rita.register(document.kind, document.id, document.spec); // prettier-ignore
  }
}

/** The registered entry may say more: what has a default is filled in. */
function saysAll(held: unknown, { spec }: EntryDocument): boolean {
  const all = { ...(held as object), ...(spec as object) };
  return isDeepStrictEqual(all, held);
}

/** An agent of the demo under another name (`migrator-1` becomes `migrator-x`), with keys of its own. */
export function agentDocument(stage: Stage, name: AgentName, suffix: string): EntryDocument {
  const file = ensureAgentFile(`${name}-${suffix}`, agentsWhere(stage));
  const words = Object.fromEntries(agentNames.map((each) => [`keys-of-${each}-1`, publicKeysOf(file)]));
  const document = documentsOf('agents.yaml', words).find(({ id }) => id === `${name}-1`);
  if (document === undefined) throw new Error(`demo/registry/agents.yaml has no ${name}-1`);
  return { ...document, id: file.agent_id };
}

export function agentsWhere({ agents_dir, trust_file, services }: Stage): Parameters<typeof ensureAgentFile>[1] {
  const { intake, notifier, credentials } = services;
  return { dir: agents_dir, trust_file, urls: { intake, notifier, credentials } };
}
