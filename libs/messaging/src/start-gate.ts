import { Injectable } from '@nestjs/common';

/** What must have happened before this service hears its first event. */
@Injectable()
export class StartGate {
  readonly #waits = new Map<string, Promise<unknown>>();

  /** Called while modules are made (constructors, `onModuleInit`). The promise may take for ever; it must not reject. */
  waitFor(name: string, ready: Promise<unknown>): void {
    this.#waits.set(
      name,
      ready.then(() => this.#waits.delete(name)),
    );
  }

  /** Names of what is still waited for. */
  waiting(): string[] {
    return [...this.#waits.keys()];
  }

  async open(): Promise<void> {
    await Promise.all(this.#waits.values());
  }
}
