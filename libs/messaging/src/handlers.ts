import type { Type } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';

/** The handler instances of a service. They inject what the messaging module provides, so they exist only after it. */
export class Handlers {
  readonly #found = new Map<Type<unknown>, unknown>();

  constructor(private readonly modules: Pick<ModuleRef, 'get'>) {}

  get(handler: Type<unknown>): unknown {
    const known = this.#found.get(handler);
    if (known !== undefined) return known;
    const found: unknown = this.modules.get(handler, { strict: false });
    this.#found.set(handler, found);
    return found;
  }

  /** Throws for a handler that no module provides: found at its first event, it would make that event look unreadable. */
  mustExist(handlers: readonly Type<unknown>[]): void {
    for (const handler of handlers) this.get(handler);
  }
}
