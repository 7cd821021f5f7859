import type { KafkaMessage } from 'kafkajs';
import { killSwitchChanged, leaseReplayed, serviceEvents, type DataOf } from '#contracts';
import { isReplayOf, verifyOutcome } from '#trust';
import { agentId, type World } from '../../apps/credentials/src/core/evidence.fixture.js';

/** An event as it was seen on the topic of leases, its outcome verified. */
export interface Seen {
  type: string;
  sequence: number;
  data: Record<string, unknown> & { action_id: string; code?: string };
  outcome: string;
  reasons: string[];
}

/** A change of the kill switch, with its sequence. */
export type Switched = DataOf<typeof killSwitchChanged> & { sequence: number };

/** An alarm about a second redeem, its statement verified, with its sequence. */
export type Alarm = Omit<DataOf<typeof leaseReplayed>, 'replay'> & { sequence: number };

/** What credentials says on its topic, as the world keeps it. */
export class Said {
  readonly seen: Seen[] = [];
  readonly switched: Switched[] = [];
  readonly alarms: Alarm[] = [];

  constructor(private readonly keys: World) {}

  take({ headers, value }: KafkaMessage): void {
    const type = String(headers?.['ce_type']);
    const sequence = Number(headers?.['ce_sequence']);
    const read: unknown = JSON.parse(String(value));
    if (type === killSwitchChanged.type) this.switched.push({ ...killSwitchChanged.data.parse(read), sequence });
    else if (type === leaseReplayed.type) this.alarms.push({ ...this.replayed(read), sequence });
    else this.seen.push({ type, sequence, ...this.verified(type, read) });
  }

  private replayed(read: unknown): Omit<Alarm, 'sequence'> {
    const { replay, ...said } = leaseReplayed.data.parse(read);
    if (!isReplayOf(this.keys.trust, replay, said)) throw new Error('an alarm does not verify');
    return said;
  }

  private verified(type: string, read: unknown): Omit<Seen, 'type' | 'sequence'> {
    const event = serviceEvents.find((known) => known.type === type);
    const data = event?.data.parse(read) as Seen['data'] & { outcome: never };
    const expected = { service: 'credentials', agentId, actionId: data.action_id } as const;
    const outcome = verifyOutcome(this.keys.trust, data.outcome, expected);
    if (!outcome.ok) throw new Error(`the outcome in ${type} does not verify`);
    return { data, outcome: outcome.value.outcome, reasons: outcome.value.reasons };
  }
}
