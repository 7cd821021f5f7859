import 'reflect-metadata';
import { Module, type DynamicModule, type NestApplicationOptions } from '@nestjs/common';
import { ModuleRef, NestFactory } from '@nestjs/core';
import type { CustomTransportStrategy } from '@nestjs/microservices';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Readiness } from './health/readiness.js';
import { httpAdapter } from './http/http-server.js';
import { ProblemFilter } from './http/problem-filter.js';
import { Log } from './log/log.js';
import { NestLog } from './log/nest-log.js';
import { PlatformModule, type ServiceIdentity } from './platform.module.js';
import { Shutdown } from './shutdown.js';

/** Provided by the library that consumes events; what stands under this name is connected, so the platform knows no broker. */
export const transportStrategy = Symbol('sallyport.transport-strategy');

/** How long an answer that is being made when the service stops may still take. */
const answersMs = 5_000;

/**
 * The service as a Nest application on Fastify: raw bodies, problem answers, health, the transport connected but not yet listening. Used by `start()`
 * and by tests that run a service inside their own process; `app.close()` shuts down in our order.
 */
export async function createApp(identity: ServiceIdentity, module: DynamicModule): Promise<NestFastifyApplication> {
  const log = identity.log ?? new Log(identity.name, identity.settings.SALLYPORT_LOG_LEVEL);
  const platform = PlatformModule.forService({ ...identity, log });
  // Without abortOnError Nest would end the process itself, without our words.
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- Nest types this bag of options as a class and means any object
  const options: NestApplicationOptions = { bodyParser: false, logger: new NestLog(log), abortOnError: false };
  const app = await NestFactory.create<NestFastifyApplication>(
    { module: ServiceRoot, imports: [platform, module] },
    httpAdapter(log),
    options,
  );
  app.useGlobalFilters(app.get(ProblemFilter));
  stopInOrder(app);
  connectTransport(app);
  return app;
}

/** Holds the platform's module and the service's own together. */
@Module({})
class ServiceRoot {}

function stopInOrder(app: NestFastifyApplication): void {
  const shutdown = app.get(Shutdown);
  const readiness = app.get(Readiness);
  shutdown.at('unready', 'readiness', () => {
    readiness.stop();
  });
  shutdown.at('http', 'server', () => closeDoors(app), 10_000);
}

/**
 * Takes no new connection and waits for the answers that are being made; idle connections are closed at once. One on which
 * nothing was ever asked does not count as idle to Node, and would keep the process for as long as its owner likes.
 */
async function closeDoors(app: NestFastifyApplication): Promise<void> {
  const cut = setTimeout(() => {
    app.getHttpServer().closeAllConnections();
  }, answersMs);
  try {
    await app.getHttpAdapter().getInstance().close();
  } finally {
    clearTimeout(cut);
  }
}

function connectTransport(app: NestFastifyApplication): void {
  const strategy = transportOf(app);
  if (strategy) app.connectMicroservice({ strategy });
}

/** A service that hears nothing provides none. Asked of a module and not of the application, which would log the absence as an error. */
function transportOf(app: NestFastifyApplication): CustomTransportStrategy | undefined {
  try {
    return app.get(ModuleRef).get<CustomTransportStrategy>(transportStrategy, { strict: false });
  } catch {
    return undefined;
  }
}
