import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';
import type { Incoming } from '#messaging';
import { append } from '#trust';
import { leafOf } from '../core/leaf.js';
import { LogStore, type NewLeaf } from '../io/log.store.js';

/** Every event that a service says becomes one leaf. Replays are dropped by the runner before they come here. */
@Injectable()
export class AppendLeaves {
  constructor(private readonly log: LogStore) {}

  async handle(events: readonly Incoming<unknown>[], tx: Tx): Promise<void> {
    const leaves = events.map(toLeaf);
    const head = await this.log.lockHead(tx);
    await this.log.append(tx, head.size, leaves);
    await this.log.saveHead(
      tx,
      append(
        head,
        leaves.map((leaf) => leaf.hash),
      ),
    );
  }
}

function toLeaf(event: Incoming<unknown>): NewLeaf {
  const salt = randomBytes(32);
  const { text, hash } = leafOf(event, event.value, salt);
  return { subject: event.subject, type: event.type, text, hash, value: event.value, salt };
}
