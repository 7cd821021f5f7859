import type { DynamicModule } from '@nestjs/common';
import { createApp } from './create-app.js';
import { armFault } from './fault-points.js';
import { Log } from './log/log.js';
import { portName, type CommonSettings } from './settings/common-settings.js';
import type { SettingsDefinition } from './settings/define-settings.js';
import { loadSettings, SettingsError } from './settings/load-settings.js';
import type { ServiceName } from './settings/service-names.js';
import { Shutdown } from './shutdown.js';
import { stopOnSignals } from './stop-on-signals.js';

export interface Program<T extends CommonSettings> {
  name: ServiceName;
  settings: SettingsDefinition<T>;
  module: (settings: T) => DynamicModule;
}

/**
 * The whole of a service's `main.ts`: settings, logger, Nest on Fastify, health, transport, ordered shutdown. Never rejects: a process that cannot
 * start says everything that is wrong and exits with 1.
 */
export async function start<T extends CommonSettings>(program: Program<T>): Promise<void> {
  const settings = settingsOrExit(program.settings);
  const log = new Log(program.name, settings.SALLYPORT_LOG_LEVEL);
  armFault(settings.SALLYPORT_FAULT);
  endOnBugs(log);
  try {
    await run(program, settings, log);
  } catch (error) {
    log.error('start.failed', { error });
    process.exit(1);
  }
}

/** HTTP first: `/readyz` says what is still missing while consumers wait for the registry and the database. */
async function run<T extends CommonSettings>({ name, module }: Program<T>, settings: T, log: Log): Promise<void> {
  const port = portOf(name, settings);
  const host = settings.SALLYPORT_HTTP_HOST;
  const app = await createApp({ name, settings, log }, module(settings));
  stopOnSignals(async (signal) => {
    await app.get(Shutdown).run(signal);
    await app.close();
  });
  await app.listen(port, host);
  log.info('start.listening', { host, port, mode: settings.SALLYPORT_MODE });
  await app.startAllMicroservices();
}

function settingsOrExit<T>(definition: SettingsDefinition<T>): T {
  try {
    return loadSettings(definition);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

function portOf(name: ServiceName, settings: object): number {
  const port: unknown = Reflect.get(settings, portName(name));
  if (typeof port === 'number') return port;
  throw new Error(`the settings of ${name} lack ${portName(name)}: spread commonSettings('${name}')`);
}

/** An error that nobody caught leaves the process in an unknown state; a fresh one catches up from the database and the broker. */
function endOnBugs(log: Log): void {
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      log.error('process.ended_by_bug', { reason: event, error });
      process.exit(1);
    });
  }
}
