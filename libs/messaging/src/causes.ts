/** What errors say about themselves; anything can be thrown, so nothing is sure. */
export interface Thrown {
  name?: unknown;
  code?: unknown;
  /** kafkajs: name of the broker's error. */
  type?: unknown;
}

const deepest = 8;

/** An error and what caused it, outermost first. Not by class: libraries wrap, and some errors come from another realm. */
export function* causesOf(error: unknown): Generator<Thrown> {
  let current: unknown = error;
  for (let depth = 0; depth < deepest && typeof current === 'object' && current !== null; depth += 1) {
    yield current;
    current = (current as { cause?: unknown }).cause;
  }
}
