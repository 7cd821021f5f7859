// `npm start`, after set-up: everything on this machine under one supervisor, until Ctrl-C.
import { loadSettings, serviceNames, SettingsError } from '#platform';
import { DemoWorld } from './demo/demo-world.js';
import { dataDir } from './world/place.js';
import { PortError, portsFrom, type Ports } from './world/ports-of-world.js';
import type { News } from './world/supervisor.js';
import { worldSettings } from './world/world-settings.js';
import type { WorldOptions } from './world/world-options.js';
import { World } from './world/world.js';

const chosen = readSettings();
const demo = new DemoWorld(chosen);
const settings: WorldOptions = { ...chosen, ...demo.settings(process.env) };
const world = new World(settings);
stopOnSignals(world);
try {
  await demo.start(world);
  console.log(screen(settings.ports));
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : String(error)}`);
  await world.stopAll();
  process.exitCode = 1;
}

function readSettings(): WorldOptions {
  try {
    const values: Record<string, unknown> = loadSettings(worldSettings);
    const given = (name: string): string | undefined => (typeof values[name] === 'string' ? values[name] : undefined);
    const [brokers, databaseUrl] = [given('SALLYPORT_KAFKA_BROKERS'), given('SALLYPORT_DATABASE_URL')];
    return {
      dir: given('SALLYPORT_WORLD_DIR') ?? dataDir,
      ports: portsFrom(values),
      external: {
        ...(brokers === undefined ? {} : { brokers }),
        ...(databaseUrl === undefined ? {} : { databaseUrl }),
      },
      durable: true,
      restart: true,
      env: process.env,
      common: {},
      services: {},
      agentTopics: [],
      tell,
    };
  } catch (error) {
    if (!(error instanceof SettingsError || error instanceof PortError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

function tell(news: News): void {
  if (news.what === 'ready') console.error(`  ${news.name.padEnd(16)}ready (${(news.afterMs / 1000).toFixed(1)} s)`);
  if (news.what === 'ended')
    console.error(`  ${news.name.padEnd(16)}ended by itself; its log: ${world.logFile(news.name)}`);
  if (news.what === 'restarting') console.error(`  ${news.name.padEnd(16)}starts again in ${news.inMs / 1000} s`);
}

/** A second signal does not wait. */
function stopOnSignals(running: World): void {
  let asked = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // What is left dies on its leash.
      if (asked) process.exit(1);
      asked = true;
      console.error('\n  stopping');
      void running.stopAll().then(() => process.exit(0));
    });
  }
}

function screen(ports: Ports): string {
  const at = (name: string, port: number): string => `  ${name.padEnd(16)}127.0.0.1:${port}`;
  const services = serviceNames.map((name) => at(name, ports[name]));
  const parts = [at('Kafka', ports.kafka), at('PostgreSQL', ports.postgres), at('demo target', ports.target_postgres)];
  return ['', 'Sallyport runs.', '', ...services, ...parts, '', `  data and logs   ${settings.dir}`, '  Ctrl-C          stops everything', ''].join('\n'); // prettier-ignore
}
