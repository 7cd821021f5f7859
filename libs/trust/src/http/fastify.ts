import type { Caller } from './caller.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by a guard of `#trust/http`. */
    caller?: Caller;
  }
}
