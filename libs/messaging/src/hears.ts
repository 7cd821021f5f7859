import type { DataOf, EventDefinition } from '#contracts';
import type { Type } from '@nestjs/common';
import type { AnyHandler, RawHandler, SliceHandler } from './incoming.js';

/**
 * Whether an event that passed its schema is this service's business. One that is not costs neither a row of the inbox nor
 * a transaction. It is asked before anything is verified: whatever might matter must be let through.
 */
export type Concerns = (type: string, data: unknown) => boolean;

/** One line of the list of what a service hears. */
export type Hearing =
  | { kind: 'event'; event: EventDefinition; handler: Type<unknown>; concerns: Concerns | undefined }
  | { kind: 'any'; topics: readonly string[]; handler: Type<AnyHandler>; concerns: Concerns | undefined }
  | { kind: 'raw'; topic: string; handler: Type<RawHandler> };

/** This service acts on this event with this handler. A handler for another event does not compile. */
export function on<E extends EventDefinition>(
  event: E,
  handler: Type<SliceHandler<NoInfer<E>>>,
  concerns?: (data: DataOf<NoInfer<E>>) => boolean,
): Hearing {
  const asked = concerns && ((_: string, data: unknown): boolean => concerns(data as DataOf<E>));
  return { kind: 'event', event, handler, concerns: asked };
}

/** Every known type of these topics, with one handler (notifier, audit). */
export function onAny(topics: readonly string[], handler: Type<AnyHandler>, concerns?: Concerns): Hearing {
  return { kind: 'any', topics, handler, concerns };
}

/** The raw records of an untrusted topic (intake). Read uncommitted, so that nobody's open transaction can hide records. */
export function onRaw(topic: string, handler: Type<RawHandler>): Hearing {
  return { kind: 'raw', topic, handler };
}
