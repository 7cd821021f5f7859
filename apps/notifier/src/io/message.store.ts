import { Injectable } from '@nestjs/common';
import type { Channel } from '#contracts';
import { Database, type Tx } from '#database';
import { newId } from '#platform';
import type { MessageKind } from '../core/message.js';
import type { Due } from '../core/told.js';

/** A message that is this process's to send until `claimSeconds` are over. */
export interface Claimed {
  id: string;
  actionId: string;
  kind: MessageKind;
  group: string;
  channel: Channel;
  code: string | null;
  attempts: number;
  createdAt: Date;
  headline: string | null;
  severity: string | null;
  deadlineAt: Date | null;
  reviewId: string | null;
}

export interface ChannelState {
  group_id: string;
  channel: Channel;
  disabled: boolean;
  last_success_at: Date | null;
  last_failure_at: Date | null;
  last_error: string | null;
}

/** One name for a channel of a group; neither part can hold a space. */
export function channelKey({ group, channel }: { group: string; channel: string }): string {
  return `${group} ${channel}`;
}

const claimSeconds = 60;
/** In flight per group and channel, so that one slow receiver holds up nobody else. */
const perChannel = 2;

@Injectable()
export class MessageStore {
  constructor(private readonly database: Database) {}

  /** The rows are the intent: each is sent until it is sent, and a message that has its row is never added again. */
  async add(tx: Tx, due: readonly (Due & { channel: Channel })[]): Promise<number> {
    if (due.length === 0) return 0;
    const rows = await tx.query(
      `INSERT INTO messages (id, action_id, kind, group_id, channel, stage, code)
       SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::integer[], $7::text[])
       ON CONFLICT DO NOTHING RETURNING id`,
      [
        due.map(() => newId()),
        due.map((one) => one.actionId),
        due.map((one) => one.kind),
        due.map((one) => one.group),
        due.map((one) => one.channel),
        due.map((one) => one.stage),
        due.map((one) => one.code),
      ],
    );
    return rows.length;
  }

  /**
   * Takes due messages, a few of each channel: it looks at the channels one by one, so a dead one with a hundred thousand
   * messages hides nobody else's. A process that dies with them leaves them to be claimed again after a minute, under the same id.
   *
   * @param busy channels to leave out, as `channelKey` names them
   */
  async claim(most: number, busy: readonly string[] = []): Promise<Claimed[]> {
    return this.database.query<Claimed>(
      `WITH RECURSIVE channels AS (
         (SELECT group_id, channel FROM messages WHERE state = 'waiting' ORDER BY group_id, channel LIMIT 1)
         UNION ALL
         SELECT following.group_id, following.channel FROM channels c CROSS JOIN LATERAL (
           SELECT group_id, channel FROM messages WHERE state = 'waiting' AND (group_id, channel) > (c.group_id, c.channel)
           ORDER BY group_id, channel LIMIT 1) following
       ), mine AS (
         SELECT due.id FROM channels c CROSS JOIN LATERAL (
           SELECT id, next_attempt_at FROM messages WHERE group_id = c.group_id AND channel = c.channel
           AND state = 'waiting' AND next_attempt_at <= clock_timestamp()
           ORDER BY next_attempt_at LIMIT ${perChannel} FOR UPDATE SKIP LOCKED) due
         WHERE c.group_id || ' ' || c.channel <> ALL($2::text[]) ORDER BY due.next_attempt_at LIMIT $1
       )
       UPDATE messages m SET attempts = attempts + 1, next_attempt_at = clock_timestamp() + make_interval(secs => ${claimSeconds})
       FROM mine, actions a WHERE m.id = mine.id AND a.action_id = m.action_id
       RETURNING m.id, m.action_id AS "actionId", m.kind, m.group_id AS "group", m.channel, m.code, m.attempts,
         m.created_at AS "createdAt", a.headline, a.severity, a.deadline_at AS "deadlineAt", a.review_id AS "reviewId"`,
      [most, busy],
    );
  }

  async sent(message: Claimed): Promise<void> {
    await this.database.transaction(async (tx) => {
      await tx.query(
        `UPDATE messages SET state = 'sent', sent_at = clock_timestamp(), last_error = NULL WHERE id = $1 AND state = 'waiting'`,
        [message.id],
      );
      await tx.query(
        `INSERT INTO channel_states (group_id, channel, last_success_at) VALUES ($1, $2, clock_timestamp())
         ON CONFLICT (group_id, channel) DO UPDATE SET last_success_at = clock_timestamp(), disabled = false, last_error = NULL`,
        [message.group, message.channel],
      );
    });
  }

  /** @param waitMs until the next attempt; null drops the message, visibly */
  async failed(message: Claimed, error: string, waitMs: number | null): Promise<void> {
    await this.database.transaction(async (tx) => {
      await tx.query(
        `UPDATE messages SET last_error = $2, state = CASE WHEN $3::float8 IS NULL THEN 'dropped' ELSE state END,
           next_attempt_at = clock_timestamp() + make_interval(secs => coalesce($3, 0) / 1000.0) WHERE id = $1 AND state = 'waiting'`,
        [message.id, error, waitMs],
      );
      await tx.query(
        `INSERT INTO channel_states (group_id, channel, last_failure_at, last_error, disabled) VALUES ($1, $2, clock_timestamp(), $3, $4)
         ON CONFLICT (group_id, channel) DO UPDATE SET last_failure_at = clock_timestamp(), last_error = $3, disabled = $4`,
        [message.group, message.channel, error, waitMs === null],
      );
    });
  }

  async channelStates(): Promise<ChannelState[]> {
    return this.database.query<ChannelState>('SELECT * FROM channel_states ORDER BY group_id, channel');
  }

  async waitingCounts(): Promise<Map<string, number>> {
    const rows = await this.database.query<{ group_id: string; channel: string; count: number }>(
      `SELECT group_id, channel, count(*)::integer AS count FROM messages WHERE state = 'waiting' GROUP BY group_id, channel`,
    );
    return new Map(rows.map(({ group_id: group, channel, count }) => [channelKey({ group, channel }), count]));
  }
}
