import { Global, Module, type DynamicModule, type OnModuleDestroy } from '@nestjs/common';
import { HealthController } from './health/health.controller.js';
import { Readiness } from './health/readiness.js';
import { ProblemFilter } from './http/problem-filter.js';
import { Log } from './log/log.js';
import { CommonSettings } from './settings/common-settings.js';
import type { ServiceName } from './settings/service-names.js';
import { Shutdown } from './shutdown.js';

export interface ServiceIdentity {
  name: ServiceName;
  settings: CommonSettings;
  log?: Log;
}

/** For libraries that must know which service runs in this process. */
export class ThisProcess {
  constructor(readonly name: ServiceName) {}
}

/** What every part may ask for by class: `Log`, `Readiness`, `Shutdown`, `CommonSettings`, `ThisProcess`. */
@Global()
@Module({})
export class PlatformModule implements OnModuleDestroy {
  constructor(private readonly shutdown: Shutdown) {}

  static forService({
    name,
    settings,
    log = new Log(name, settings.SALLYPORT_LOG_LEVEL),
  }: ServiceIdentity): DynamicModule {
    const shared = [Log, Readiness, Shutdown, ThisProcess, CommonSettings, ProblemFilter];
    return {
      module: PlatformModule,
      controllers: [HealthController],
      providers: [
        { provide: Log, useValue: log },
        { provide: ThisProcess, useValue: new ThisProcess(name) },
        { provide: CommonSettings, useValue: settings },
        { provide: Shutdown, useFactory: () => new Shutdown(log) },
        { provide: Readiness, useFactory: () => new Readiness() },
        ProblemFilter,
      ],
      exports: shared,
    };
  }

  /** An application that is closed without a signal (a test, a failed start) still stops in our order. */
  async onModuleDestroy(): Promise<void> {
    await this.shutdown.run('closed');
  }
}
