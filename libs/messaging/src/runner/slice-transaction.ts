import type { Tx } from '#database';
import { fault } from '#platform';
import type { DeadLetter } from '../dead-letters.js';
import type { Incoming, RawRecord, Unreadable, UnreadableHandler } from '../incoming.js';
import type { Inbox, Seen } from './inbox.js';
import type { Item } from './item.js';
import { roundsOf } from './rounds.js';
import type { Lane, RawLane } from './routes.js';

export interface TransactionParts {
  database: { transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> };
  inbox: Inbox;
  deadLetters: { add(tx: Tx, letters: readonly DeadLetter[]): Promise<void> };
  /** Undefined where the service holds nothing. */
  unreadable: UnreadableHandler | undefined;
}

type Member = Seen & { key: string } & (
    { kind: 'event'; lane: Lane; event: Incoming<unknown> } | { kind: 'unreadable'; record: Unreadable; holds: boolean }
  );

type AnyLane = Lane | 'unreadable';

/** One transaction for a slice: what was heard, what the handlers change, what they say. All of it or none. */
export class SliceTransaction {
  constructor(private readonly parts: TransactionParts) {}

  async run(items: readonly Item[]): Promise<void> {
    const members = items.flatMap(memberOf);
    const raws = items.filter((item) => item.kind === 'raw');
    if (members.length === 0 && raws.length === 0) return;
    await this.parts.database.transaction(async (tx) => {
      await this.#handleRounds(await this.parts.inbox.fresh(tx, members), tx);
      for (const [lane, records] of byLane(raws)) await lane.handle(records, tx);
      fault('in-transaction');
    });
  }

  async #handleRounds(fresh: Member[], tx: Tx): Promise<void> {
    const laneOf = (member: Member): AnyLane => (member.kind === 'event' ? member.lane : 'unreadable');
    for (const { lane, members } of roundsOf(fresh, ({ key }) => key, laneOf)) {
      if (lane === 'unreadable') await this.#bury(members, tx);
      else await lane.handle(members.flatMap(eventOf), tx);
    }
  }

  async #bury(members: Member[], tx: Tx): Promise<void> {
    const dead = members.filter((member) => member.kind === 'unreadable');
    await this.parts.deadLetters.add(
      tx,
      dead.map(({ record }) => record),
    );
    const held = dead.filter(({ holds }) => holds).map(({ record }) => record);
    if (held.length > 0) await this.parts.unreadable?.handle(held, tx);
  }
}

function memberOf(item: Item): Member[] {
  if (item.kind === 'event') {
    const { source, subject, sequence, key } = item.event;
    return [{ kind: 'event', source, subject, sequence, key, lane: item.lane, event: item.event }];
  }
  if (item.kind !== 'unreadable') return [];
  const { topic, partition, offset, sha256, key } = item.record;
  // Known by its place, so that reading the topic again buries it once.
  const place = { source: `unreadable:${topic}:${String(partition)}`, subject: `${offset}:${sha256}`, sequence: 1 };
  return [{ kind: 'unreadable', ...place, key, record: item.record, holds: item.holds }];
}

const eventOf = (member: Member): Incoming<unknown>[] => (member.kind === 'event' ? [member.event] : []);

function byLane(raws: readonly Extract<Item, { kind: 'raw' }>[]): Map<RawLane, RawRecord[]> {
  const lanes = new Map<RawLane, RawRecord[]>();
  for (const { lane, record } of raws) {
    const records = lanes.get(lane);
    if (records) records.push(record);
    else lanes.set(lane, [record]);
  }
  return lanes;
}
