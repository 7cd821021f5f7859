import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { newActionId, type Asked } from '#sdk';
import { z } from 'zod';
import { root } from '../world/place.js';
import { node } from '../world/service-program.js';
import type { World } from '../world/world.js';
import { Person } from './actors/person.js';
import { ensureAgentFile } from './agent-files.js';
import { programPath } from './demo-programs.js';
import { agentsWhere, type AgentName } from './register-all.js';
import { migrate, quarantine, refund, share } from './requests.js';
import { writeWhole, type Stage } from './stage.js';

interface Wanted {
  agent: AgentName;
  asked: Asked;
  /** Somebody who may decide it; nobody where nobody is asked. */
  decider?: string;
}

/** A request that was filed for people to see. */
export interface Filed {
  actionId: string;
  agent: string;
  decider: string;
  /** As the gate words it. */
  headline: string;
  confirmations: string[];
}

const waitSeconds = 14_400;
const seenWithinMs = 30_000;

function wanted(): Wanted[] {
  const column = `note_${newActionId().slice(-6)}`;
  return [
    { agent: 'migrator', asked: migrate({ column }), decider: 'dana' },
    { agent: 'sharer', asked: share(), decider: 'sara' },
    { agent: 'refunder', asked: refund(20_000), decider: 'fiona' },
    { agent: 'defender', asked: quarantine('workloads/web-8'), decider: 'sonia' },
  ];
}

/** Each agent asks for one thing and waits as a program of its own. One that waited at the last stop goes on with the same request. */
export async function fileRequests(world: World, stage: Stage): Promise<Filed[]> {
  return Promise.all(wanted().map((each) => file(world, stage, each)));
}

const kept = z.object({ action_id: z.string(), asked: z.custom<Asked>() });

async function file(world: World, stage: Stage, { agent, asked, decider = '' }: Wanted): Promise<Filed> {
  const id = `${agent}-1`;
  const person = new Person(decider, stage);
  const path = join(stage.agents_dir, `${id}.task.json`);
  const open = new Set((await person.waiting()).approvals.map(({ action_id }) => action_id));
  const last = readTask(path);
  const task = last !== undefined && open.has(last.action_id) ? last : { action_id: newActionId(), asked };
  const configuration = { agent: ensureAgentFile(id, agentsWhere(stage)), ...task, wait_seconds: waitSeconds };
  writeWhole(path, JSON.stringify(configuration));
  await world.startProgram({ name: `agent-${id}`, command: [node, programPath('agent'), path], cwd: root, restart: false });
  return describe(person, id, task.action_id);
} // prettier-ignore

function readTask(path: string): z.infer<typeof kept> | undefined {
  try {
    return kept.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    // No earlier start, or one that was cut off: the agent asks anew.
    return undefined;
  }
}

/** What the decider sees, as soon as it is there. */
async function describe(person: Person, agent: string, actionId: string): Promise<Filed> {
  const deadline = performance.now() + seenWithinMs;
  for (;;) {
    const { approvals } = await person.waiting();
    const line = approvals.find(({ action_id }) => action_id === actionId);
    if (line !== undefined) {
      const { decision, progress } = await person.read(actionId);
      const stage = decision.stages.find((each) => each.stage === (progress.yours ?? progress.stage));
      const confirmations = stage?.confirmations.map(({ id }) => id) ?? [];
      return { actionId, agent, decider: person.id, headline: line.headline, confirmations };
    }
    if (performance.now() > deadline) throw new Error(`${agent} asked, and ${person.id} was not asked to decide`);
    await new Promise((later) => setTimeout(later, 200));
  }
}
