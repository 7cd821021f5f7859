import { Injectable } from '@nestjs/common';
import { addressesOf } from '#contracts';
import { Timers, type Tx } from '#database';
import { RegistryCopy } from '#facts';
import type { Waiting } from '../core/heard.js';
import { alarmsOf, type Replayed } from '../core/alarm.js';
import { reminderAt } from '../core/message.js';
import { dueMessages, type Due, type Followed } from '../core/told.js';
import { MessageStore } from '../io/message.store.js';

export const reminderTimer = 'reminder';

/** Writes down, in the slice's own transaction, whom to tell what. The sending comes after, and is repeated until it succeeds. */
@Injectable()
export class TellPeople {
  constructor(
    private readonly copy: RegistryCopy,
    private readonly messages: MessageStore,
    private readonly timers: Timers,
  ) {}

  async handle(tx: Tx, followed: readonly Followed[]): Promise<void> {
    await this.tell(tx, followed.flatMap(dueMessages));
  }

  async tell(tx: Tx, due: readonly Due[]): Promise<void> {
    await this.messages.add(
      tx,
      due.flatMap((one) =>
        addressesOf(one.group, this.copy).flatMap(({ channels, recipient: group }) =>
          channels.map((channel) => ({ ...one, group, channel })),
        ),
      ),
    );
  }

  /** Those who wait are reminded in the last fifth of their time. */
  async remindLater(
    tx: Tx,
    read: readonly { learned: { actionId: string }; waiting: Waiting | undefined }[],
  ): Promise<void> {
    await this.timers.set(
      tx,
      read.flatMap(({ learned, waiting }) => {
        if (waiting === undefined) return [];
        const dueAt = reminderAt(waiting.openedAt, waiting.deadlineAt);
        return [{ kind: reminderTimer, ref: `${learned.actionId}:${String(waiting.stage)}`, dueAt }];
      }),
    );
  }

  /** A second redeem of something that was given already. */
  async alarm(tx: Tx, replayed: readonly Replayed[]): Promise<void> {
    await this.tell(
      tx,
      replayed.flatMap((one) => alarmsOf(one, this.copy.get('agents', one.agentId)?.spec.owner)),
    );
  }
}
