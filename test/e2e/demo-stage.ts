import { afterAll, beforeAll, describe } from '@jest/globals';
import { DemoWorld } from '../../tools/demo/demo-world.js';
import { Play, type Scene } from '../../tools/demo/play.js';
import type { Stage } from '../../tools/demo/stage.js';
import { freePortsOfWorld } from '../../tools/world/ports-of-world.js';
import { World } from '../../tools/world/world.js';
import { scratchFolder } from '../support/scratch.js';
import { where } from '../support/where.js';

const startWithinMs = 120_000;
const sceneWithinMs = 120_000;

export interface Staged {
  readonly world: World;
  readonly stage: Stage;
}

/** A whole demo of this spec file's own: real processes on free ports, gone afterwards. Every scene has agents of its own, so all play in one. */
export function stageForThisFile(): Staged {
  const scratch = scratchFolder('story');
  const running: { world?: World; stage?: Stage } = {};
  beforeAll(async () => {
    const common = { dir: scratch.dir, ports: await freePortsOfWorld() };
    const demo = new DemoWorld(common);
    const rest = { external: {}, durable: false, restart: true, env: process.env, common: {} };
    running.world = new World({ ...common, ...rest, ...demo.settings({}) });
    running.stage = await demo.start(running.world);
  }, startWithinMs);
  afterAll(async () => {
    await running.world?.stopAll();
    scratch.remove();
  }, 60_000);
  const up = <T>(part: T | undefined): T => {
    if (part === undefined) throw new Error('the demo is not running');
    return part;
  };
  return {
    get world() {
      return up(running.world);
    },
    get stage() {
      return up(running.stage);
    },
  };
}

interface Setting {
  stage: () => Stage;
  /** Why this machine cannot play them. */
  lacks?: string | undefined;
}

/** The scenes of a story as cases: each fails with what was not as it must be. */
export function playScenes(name: string, scenes: readonly Scene[], { stage, lacks }: Setting): void {
  describe(name, () => {
    for (const scene of scenes) {
      where(lacks === undefined, lacks ?? '')(
        scene.title,
        async () => {
          const play = new Play(stage(), () => undefined);
          try {
            await scene.play(play);
          } finally {
            await play.end();
          }
        },
        sceneWithinMs,
      );
    }
  });
}
