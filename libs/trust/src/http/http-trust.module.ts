import { Module, type DynamicModule, type FactoryProvider, type ModuleMetadata } from '@nestjs/common';
import { PersonGuard, ProofGuard, ServiceGuard } from './guards.js';
import { HttpTrust, type HttpTrustParts } from './http-trust.js';
import { JwksController } from './jwks.controller.js';

export interface HttpTrustOptions {
  imports?: ModuleMetadata['imports'];
  inject?: FactoryProvider['inject'];
  // Nest fills these by the list in `inject`; their types are the factory's business.
  useFactory: (...parts: never[]) => HttpTrustParts;
}

/** Makes the guards of this service: `HttpTrustModule.forService({ inject: [...], useFactory: (...) => parts })`. Global, so controllers just name a guard. */
@Module({})
export class HttpTrustModule {
  static forService({ imports = [], inject = [], useFactory }: HttpTrustOptions): DynamicModule {
    return {
      module: HttpTrustModule,
      global: true,
      imports,
      controllers: [JwksController],
      providers: [
        { provide: HttpTrust, inject, useFactory: (...parts: never[]) => new HttpTrust(useFactory(...parts)) },
        ProofGuard,
        ServiceGuard,
        PersonGuard,
      ],
      exports: [HttpTrust, ProofGuard, ServiceGuard, PersonGuard],
    };
  }
}
