import type { PartState } from '#platform';
import { Server, type CustomTransportStrategy } from '@nestjs/microservices';
import type { Consumption } from './consumption.js';
import type { Runner } from './runner/runner.js';
import type { StartGate } from './start-gate.js';

export interface StrategyParts {
  gate: StartGate;
  /** Undefined for a service that hears nothing. */
  hearing: { consumption: Consumption; runner: Runner } | undefined;
}

/**
 * Nest's view of the bus: it starts hearing when the application listens. What is heard is the typed list of the service's
 * module, not handlers found by decorators, so Nest's own message handlers are refused.
 */
export class KafkaStrategy extends Server implements CustomTransportStrategy {
  #stopping: Promise<void> | undefined;

  constructor(private readonly parts: StrategyParts) {
    super();
  }

  /** Answers at once: broker and registry may take their time, and readiness says what is waited for. */
  listen(callback: (error?: unknown) => void): void {
    const [pattern] = this.messageHandlers.keys();
    if (pattern === undefined) {
      void this.#start();
      callback();
    } else
      callback(
        new Error(`${pattern} is handled by a decorator: put it into the module's list with on(event, Handler)`),
      );
  }

  /** Ends hearing: the transaction that runs is finished, the offsets are committed, the group is left. */
  close(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** After `close`, and after everything that was said is sent. */
  async disconnect(): Promise<void> {
    await this.parts.hearing?.consumption.disconnect();
  }

  on(): void {
    throw new Error('the bus tells about itself in the log and in readiness only');
  }

  unwrap<T>(): T {
    throw new Error('the Kafka client stays inside #messaging');
  }

  report(): PartState {
    const waiting = this.parts.gate.waiting();
    if (waiting.length > 0) return { ok: false, detail: `waits for ${waiting.join(', ')} before hearing` };
    return this.parts.hearing?.consumption.report() ?? { ok: true, detail: 'hears nothing' };
  }

  async #start(): Promise<void> {
    const { gate, hearing } = this.parts;
    await gate.open();
    if (this.#stopping || !hearing) return;
    await hearing.consumption.start((payload) => hearing.runner.eachBatch(payload));
  }

  async #stop(): Promise<void> {
    const { hearing } = this.parts;
    if (!hearing) return;
    await hearing.runner.stop();
    await hearing.consumption.stop();
  }
}
