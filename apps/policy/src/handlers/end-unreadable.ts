import { Injectable } from '@nestjs/common';
import { topics, uuidv7 } from '#contracts';
import type { Tx } from '#database';
import type { Unreadable, UnreadableHandler } from '#messaging';
import { EndHeld, type Ending } from './end-held.js';

/** Whose action it was stood in the record that nobody can read. */
const nobody = 'unknown';

/** intake said something about an action that nobody can read. If policy holds it, it ends as denied; it is never guessed at. */
@Injectable()
export class EndUnreadable implements UnreadableHandler {
  constructor(private readonly ends: EndHeld) {}

  async handle(records: Unreadable[], tx: Tx): Promise<void> {
    const endings = new Map<string, Ending>();
    for (const { topic, key, sha256 } of records) {
      const isAction = topic === topics.actions && uuidv7.safeParse(key).success;
      if (isAction) endings.set(key, { actionId: key, agentId: nobody, digest: sha256 });
    }
    await this.ends.end([...endings.values()], tx);
  }
}
