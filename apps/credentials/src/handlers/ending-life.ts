import { Injectable } from '@nestjs/common';
import { Log, Shutdown } from '#platform';

/** How long the loops of ending live, and where they say what goes wrong. */
@Injectable()
export class EndingLife {
  constructor(
    readonly shutdown: Shutdown,
    readonly log: Log,
  ) {}
}
