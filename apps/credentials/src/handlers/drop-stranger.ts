import { Injectable } from '@nestjs/common';
import { ProblemError, type Stranger, type StrangersAnswer } from '#contracts';
import type { CallerOf } from '#trust/http';
import { lineOf } from '../core/stranger.js';
import { StrangerStore } from '../io/stranger.store.js';
import { MeetStranger } from './meet-stranger.js';
import { Officers } from './officers.js';

/** A security officer has looked at what stands there and says that it may go, with all that it owns. */
@Injectable()
export class DropStranger {
  constructor(
    private readonly officers: Officers,
    private readonly strangers: StrangerStore,
    private readonly meeting: MeetStranger,
  ) {}

  /** Throws ProblemError `not_eligible` or `not_found`. The word is kept also when the target does not answer now. */
  async handle(
    { person }: CallerOf<'person'>,
    { target, leaseId }: { target: string; leaseId: string },
    reason: string,
  ): Promise<Stranger> {
    if (!(await this.officers.now()).has(person.id)) throw new ProblemError('not_eligible', { why: 'not_in_group' });
    const found = await this.strangers.confirm(target, leaseId, { by: person.id, reason });
    if (found === undefined) throw new ProblemError('not_found');
    await this.meeting.tryToDrop(found);
    return lineOf((await this.strangers.find(target, leaseId)) ?? found);
  }
}

@Injectable()
export class ListStrangers {
  constructor(
    private readonly officers: Officers,
    private readonly strangers: StrangerStore,
  ) {}

  async handle(caller: CallerOf<'person'>): Promise<StrangersAnswer> {
    this.officers.mustSee(caller);
    return { strangers: (await this.strangers.list()).map(lineOf) };
  }
}
