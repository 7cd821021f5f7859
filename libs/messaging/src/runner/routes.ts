import { serviceEvents, type EventDefinition } from '#contracts';
import type { Tx } from '#database';
import type { Type } from '@nestjs/common';
import type { Concerns, Hearing } from '../hears.js';
import type { AnyHandler, Incoming, RawHandler, RawRecord } from '../incoming.js';

/** Events of one lane in one round are handled together. */
export interface Lane {
  name: string;
  handle(events: Incoming<unknown>[], tx: Tx): Promise<void>;
}

export interface RawLane {
  name: string;
  handle(records: RawRecord[], tx: Tx): Promise<void>;
}

export interface Route {
  schema: EventDefinition['data'];
  lane: Lane;
  concerns: Concerns | undefined;
}

/** The instance of a handler class; asked for at each call, since handlers are made after the routes. */
export type Resolve = (handler: Type<unknown>) => unknown;

const majorVersion = /\.v\d+$/u;
const addressOf = (topic: string, type: string): string => `${topic} ${type}`;

/**
 * What a service hears, looked up per record. A type counts on its own topic only: the broker's rights say who may
 * write to a topic, so the same type on another topic is somebody else's word.
 */
export class Routes {
  readonly #byAddress = new Map<string, Route>();
  readonly #names = new Set<string>();
  readonly #raw = new Map<string, RawLane>();
  readonly topics: readonly string[];

  constructor(hears: readonly Hearing[], resolve: Resolve) {
    const topics = new Set<string>();
    for (const hearing of hears) for (const topic of this.#add(hearing, resolve)) topics.add(topic);
    this.topics = [...topics];
  }

  find(topic: string, type: string): Route | undefined {
    return this.#byAddress.get(addressOf(topic, type));
  }

  /** True for another version of an event that is heard: a newer service says it, and a newer build of this one will read it. */
  isOtherVersion(topic: string, type: string): boolean {
    return majorVersion.test(type) && this.#names.has(addressOf(topic, type.replace(majorVersion, '')));
  }

  raw(topic: string): RawLane | undefined {
    return this.#raw.get(topic);
  }

  #add(hearing: Hearing, resolve: Resolve): readonly string[] {
    const { name } = hearing.handler;
    if (hearing.kind === 'raw') {
      const raw = (): RawHandler => resolve(hearing.handler) as RawHandler;
      return this.#addRaw(hearing.topic, { name, handle: (records, tx) => raw().handle(records, tx) });
    }
    const lane: Lane = { name, handle: (events, tx) => (resolve(hearing.handler) as AnyHandler).handle(events, tx) };
    const { concerns } = hearing;
    if (hearing.kind === 'event') return this.#addEvent(hearing.event, { lane, concerns });
    for (const event of serviceEvents)
      if (hearing.topics.includes(event.topic)) this.#addEvent(event, { lane, concerns });
    return hearing.topics;
  }

  #addEvent({ type, topic, data }: EventDefinition, to: Omit<Route, 'schema'>): readonly string[] {
    const address = addressOf(topic, type);
    if (this.#byAddress.has(address)) throw new Error(`${type} is heard twice in one service`);
    if (this.#raw.has(topic)) throw new Error(`${topic} is heard raw: no event of it can be heard as well`);
    this.#byAddress.set(address, { schema: data, ...to });
    this.#names.add(addressOf(topic, type.replace(majorVersion, '')));
    return [topic];
  }

  #addRaw(topic: string, lane: RawLane): readonly string[] {
    if (this.#raw.has(topic)) throw new Error(`${topic} is heard raw twice in one service`);
    this.#raw.set(topic, lane);
    return [topic];
  }
}
