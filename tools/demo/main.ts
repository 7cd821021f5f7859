// `npm run demo`, after set-up: plays every story through the public doors, in a running `npm start` or in a world of its own.
import { parseArgs } from 'node:util';
import { chosenOptions, stopOnSignals } from '../world/chosen-options.js';
import { World } from '../world/world.js';
import { DemoWorld } from './demo-world.js';
import { Play, type Scene } from './play.js';
import { Programme } from './programme.js';
import { readStage, type Stage } from './stage.js';
import { whyNoPython } from './python.js';
import { allScenes } from './stories/all.js';
import { pythonScenes } from './stories/python.js';

const { values: options } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
const programme = new Programme(options.json);

/** What this machine lacks is told, and not counted. */
function scenesHere(): readonly Scene[] {
  const why = whyNoPython();
  if (why === undefined) return [...allScenes, ...pythonScenes];
  for (const { title } of pythonScenes) console.error(`skipped: ${title}: ${why}`);
  return allScenes;
}

async function running(dir: string): Promise<Stage | undefined> {
  const stage = readStage(dir);
  if (stage === undefined) return undefined;
  const doors = [...Object.values(stage.services), stage.mailbox_url, stage.webhook_url, stage.issuer];
  const ready = await Promise.all(doors.map((url) => isReady(url)));
  return ready.every(Boolean) ? stage : undefined;
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(3_000) })).ok;
  } catch {
    return false;
  }
}

async function playAll(stage: Stage): Promise<void> {
  for (const scene of scenesHere()) await playOne(stage, scene);
}

async function playOne(stage: Stage, scene: Scene): Promise<void> {
  programme.begins(scene);
  const play = new Play(stage, (told) => { programme.step(scene, told); });
  try {
    await scene.play(play);
    programme.ends(scene);
  } catch (error) {
    programme.ends(scene, error instanceof Error ? error.message : String(error));
  } finally {
    await play.end();
  }
} // prettier-ignore

async function inOwnWorld(): Promise<void> {
  const chosen = chosenOptions();
  const demo = new DemoWorld(chosen);
  const world = new World({ ...chosen, ...demo.settings(process.env) });
  stopOnSignals(world, 1);
  try {
    await playAll(await demo.start(world));
  } finally {
    await world.stopAll();
  }
}

try {
  const stage = await running(chosenOptions().dir);
  if (stage === undefined) await inOwnWorld();
  else await playAll(stage);
  process.exitCode = programme.close(allScenes) ? 0 : 1;
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
