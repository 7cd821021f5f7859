import { loadSettings, SettingsError } from '#platform';
import { newsLine } from './news-line.js';
import { dataDir } from './place.js';
import { PortError, portsFrom } from './ports-of-world.js';
import { worldSettings } from './world-settings.js';
import type { WorldOptions } from './world-options.js';
import type { World } from './world.js';

/** The world as the starting person's settings describe it. Wrong settings are told, and end the process. */
export function chosenOptions(): WorldOptions {
  try {
    const values: Record<string, unknown> = loadSettings(worldSettings);
    const given = (name: string): string | undefined => (typeof values[name] === 'string' ? values[name] : undefined);
    const [brokers, databaseUrl] = [given('SALLYPORT_KAFKA_BROKERS'), given('SALLYPORT_DATABASE_URL')];
    const dir = given('SALLYPORT_WORLD_DIR') ?? dataDir;
    return {
      dir,
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
      tell: (news) => { console.error(newsLine(news, dir)); },
    }; // prettier-ignore
  } catch (error) {
    if (!(error instanceof SettingsError || error instanceof PortError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

/** A second signal does not wait. */
export function stopOnSignals(running: World, code = 0): void {
  let asked = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // What is left dies on its leash.
      if (asked) process.exit(1);
      asked = true;
      console.error('\n  stopping');
      void running.stopAll().then(() => process.exit(code));
    });
  }
}
