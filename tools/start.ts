// `npm start`, after set-up: everything on this machine under one supervisor, until Ctrl-C.
import { DemoWorld } from './demo/demo-world.js';
import { fileRequests } from './demo/file-requests.js';
import { screen } from './demo/screen.js';
import { chosenOptions, stopOnSignals } from './world/chosen-options.js';
import { World } from './world/world.js';

const chosen = chosenOptions();
const demo = new DemoWorld(chosen);
const world = new World({ ...chosen, ...demo.settings(process.env) });
stopOnSignals(world);
try {
  const stage = await demo.start(world);
  const filed = await fileRequests(world, stage);
  console.log(screen(world, stage, filed));
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : String(error)}`);
  await world.stopAll();
  process.exitCode = 1;
}
