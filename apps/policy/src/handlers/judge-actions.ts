import { Injectable } from '@nestjs/common';
import type { actionAccepted } from '#contracts';
import type { Tx } from '#database';
import type { SliceHandler } from '#messaging';
import { DecideSlice, type Decided } from './decide-slice.js';
import { EndHeld } from './end-held.js';
import { ExplainStatements } from './explain-statements.js';
import { ReadActions, type Accepted } from './read-actions.js';
import { SayVerdicts } from './say-verdicts.js';

/** Judges accepted actions, in order, and passes each on to its next holder or ends it. */
@Injectable()
export class JudgeActions implements SliceHandler<typeof actionAccepted> {
  constructor(
    private readonly reads: ReadActions,
    private readonly decides: DecideSlice,
    private readonly explains: ExplainStatements,
    private readonly says: SayVerdicts,
    private readonly ends: EndHeld,
  ) {}

  async handle(events: Accepted[], tx: Tx): Promise<void> {
    const { heard, doubtful } = await this.reads.read(events, tx);
    const decided = await this.decides.decide(heard, tx);
    await this.says.say(await Promise.all(decided.map((one) => this.explained(one))), tx);
    await this.ends.end(doubtful, tx);
  }

  private async explained(one: Decided): Promise<Decided> {
    return { ...one, judged: await this.explains.add(one.judged, one.question, one.event.data.request) };
  }
}
