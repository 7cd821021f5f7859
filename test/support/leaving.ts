/** What a spec has to take down, in the reverse of the order in which it was set up; also when only half of it was. */
export class Leaving {
  readonly #steps: (() => unknown)[] = [];

  /** Gives back what is to be taken down. */
  add<T>(made: T, takeDown: (made: T) => unknown): T {
    this.#steps.push(() => takeDown(made));
    return made;
  }

  /** For `afterAll`. A step that fails stops no other; the first failure is thrown at the end. */
  async all(): Promise<void> {
    const failures: unknown[] = [];
    for (const step of this.#steps.reverse()) {
      try {
        await step();
      } catch (failure) {
        failures.push(failure);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
