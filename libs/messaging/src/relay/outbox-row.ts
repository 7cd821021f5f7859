/** What waits to be sent. */
export interface OutboxRow {
  /** 64 bits, in decimal. Within one key, ids are in the order of commits: the row of the state is locked before this one is made. */
  id: string;
  topic: string;
  key: string;
  headers: Record<string, string>;
  value: Buffer;
}

export type NewRow = Omit<OutboxRow, 'id'>;

export type OutboxKey = Pick<OutboxRow, 'topic' | 'key'>;

/** Rows of one topic and key keep their order, all others are independent. */
export const laneOf = ({ topic, key }: OutboxKey): string => `${topic} ${key}`;
