import { randomUUID } from 'node:crypto';
import { serviceUrn, topics, type DataOf, type EventDefinition } from '#contracts';
import { eventually } from './eventually.js';
import type { Bus, BusRecord, Following } from './bus.js';

export interface Forged<E extends EventDefinition> {
  event: E;
  /** In whose name. */
  service: string;
  actionId: string;
  data: DataOf<E>;
  /** Newer than all that the service has said, unless this says how new: then the service's own next word still counts. */
  sequence?: number;
}

/** Somebody who may write to every topic, and has read all of them: every signature of theirs is somebody's genuine one. */
export class Forger {
  #sequence = 1_000;

  private constructor(
    private readonly bus: Bus,
    private readonly letters: Following,
    private readonly leases: Following,
  ) {}

  static async start(bus: Bus): Promise<Forger> {
    return new Forger(bus, await bus.follow(topics.deadLetters), await bus.follow(topics.leases));
  }

  async stop(): Promise<void> {
    await Promise.all([this.letters.stop(), this.leases.stop()]);
  }

  /** The data of a genuine event about an action. */
  async genuine<E extends EventDefinition>(event: E, actionId: string): Promise<DataOf<E>> {
    return eventually(async () => {
      const records = await this.bus.read(event.topic);
      const found = records.find(({ key, headers }) => key === actionId && headers['ce_type'] === event.type);
      if (found === undefined) throw new Error(`no ${event.type} of ${actionId}`);
      return event.data.parse(JSON.parse(found.value)) as DataOf<E>;
    });
  }

  /** Everything around the data is as the service itself would send it. */
  async say<E extends EventDefinition>({ event, service, actionId, data, sequence }: Forged<E>): Promise<void> {
    this.#sequence += 1;
    const headers = {
      ce_specversion: '1.0',
      ce_id: randomUUID(),
      ce_source: serviceUrn(service),
      ce_type: event.type,
      ce_subject: actionId,
      ce_sequence: String(sequence ?? this.#sequence),
      ce_time: new Date().toISOString(),
      'content-type': 'application/json',
    };
    await this.bus.send(event.topic, [{ key: actionId, headers, value: JSON.stringify(event.data.parse(data)) }]);
  }

  /** Which codes a service has buried records of this key under. */
  buried(service: string, key: string): string[] {
    return this.letters.records
      .map(({ value }) => JSON.parse(value) as { service: string; key: string; code: string })
      .filter((letter) => letter.service === service && letter.key === key)
      .map(({ code }) => code);
  }

  /** What credentials has said about an action, in order. */
  saidOfLease(actionId: string): { type: string; code: string | undefined }[] {
    return this.leases.records
      .filter(({ key }) => key === actionId)
      .map(({ headers, value }) => ({
        type: headers['ce_type'] ?? '',
        code: (JSON.parse(value) as { code?: string }).code,
      }));
  }

  /** Puts records back on their topic as they were. */
  async replay(records: readonly BusRecord[]): Promise<void> {
    for (const { topic, key, headers, value } of records) await this.bus.send(topic, [{ key, headers, value }]);
  }
}
