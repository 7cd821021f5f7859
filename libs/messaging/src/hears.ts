import type { EventDefinition } from '#contracts';
import type { Type } from '@nestjs/common';
import type { AnyHandler, RawHandler, SliceHandler } from './incoming.js';

/** One line of the list of what a service hears. */
export type Hearing =
  | { kind: 'event'; event: EventDefinition; handler: Type<unknown> }
  | { kind: 'any'; topics: readonly string[]; handler: Type<AnyHandler> }
  | { kind: 'raw'; topic: string; handler: Type<RawHandler> };

/** This service acts on this event with this handler. A handler for another event does not compile. */
export function on<E extends EventDefinition>(event: E, handler: Type<SliceHandler<NoInfer<E>>>): Hearing {
  return { kind: 'event', event, handler };
}

/** Every known type of these topics, with one handler (notifier, audit). */
export function onAny(topics: readonly string[], handler: Type<AnyHandler>): Hearing {
  return { kind: 'any', topics, handler };
}

/** The raw records of an untrusted topic (intake). Read uncommitted, so that nobody's open transaction can hide records. */
export function onRaw(topic: string, handler: Type<RawHandler>): Hearing {
  return { kind: 'raw', topic, handler };
}
