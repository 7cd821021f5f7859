import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';
import { RegistryCopy } from '#facts';
import { dueMessages, type Due, type Followed } from '../core/told.js';
import { MessageStore, type Channel } from '../io/message.store.js';

/** Writes down, in the slice's own transaction, whom to tell what. The sending comes after, and is repeated until it succeeds. */
@Injectable()
export class TellPeople {
  constructor(
    private readonly copy: RegistryCopy,
    private readonly messages: MessageStore,
  ) {}

  async handle(tx: Tx, followed: readonly Followed[]): Promise<void> {
    await this.tell(tx, followed.flatMap(dueMessages));
  }

  async tell(tx: Tx, due: readonly Due[]): Promise<void> {
    await this.messages.add(
      tx,
      due.flatMap((one) => this.channelsOf(one.group).map((channel) => ({ ...one, channel }))),
    );
  }

  private channelsOf(group: string): Channel[] {
    const channel = this.copy.get('groups', group)?.spec.channel;
    return [
      ...(channel?.mail === undefined ? [] : ['mail' as const]),
      ...(channel?.webhook === undefined ? [] : ['webhook' as const]),
    ];
  }
}
