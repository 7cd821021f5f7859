import { Injectable } from '@nestjs/common';
import type { DataOf, registryChanged } from '#contracts';
import type { Tx } from '#database';
import type { Incoming, SliceHandler } from '#messaging';
import { NoteChanges } from './note-changes.js';
import { SweepSuspended } from './sweep-suspended.js';

/** What a change of the registry does to what is open: agents may be suspended, people may be gone. */
@Injectable()
export class FollowRegistry implements SliceHandler<typeof registryChanged> {
  constructor(
    private readonly suspended: SweepSuspended,
    private readonly people: NoteChanges,
  ) {}

  async handle(events: Incoming<DataOf<typeof registryChanged>>[], tx: Tx): Promise<void> {
    await this.suspended.handle(events, tx);
    await this.people.handle(events, tx);
  }
}
