import type { z } from 'zod';
import type { Topic } from './topics.js';

/** One version of one event: its CloudEvents type, its topic and the schema of its data. */
export interface EventDefinition<S extends z.ZodType = z.ZodType> {
  readonly type: `sallyport.${string}`;
  readonly topic: Topic;
  readonly data: S;
  /** Emitted when…, what it means, what it does not mean: for the generated event table. */
  readonly emitted: string;
}

export type DataOf<E extends EventDefinition> = z.infer<E['data']>;

export function defineEvent<S extends z.ZodType>(definition: EventDefinition<S>): EventDefinition<S> {
  return Object.freeze(definition);
}
