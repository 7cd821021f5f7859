import { ProblemError, type ActionState, type ProblemCode } from '#contracts';
import { Database } from '#database';
import { RegistryCopy } from '#facts';
import { Inject, Injectable } from '@nestjs/common';
import type { Ask } from '../core/ask.js';
import { isProven } from '../core/authenticate.js';
import type { Refusal } from '../core/judge-request.js';
import { FreezeActions, type Freezing } from './freeze-actions.js';

export interface Submitted {
  actionId: string;
  state: ActionState;
}

/** The HTTP door: the same slice handler with a slice of one, answered at once. */
@Injectable()
export class SubmitAction {
  constructor(
    @Inject(Database) private readonly database: Pick<Database, 'transaction'>,
    @Inject(FreezeActions) private readonly freeze: Pick<FreezeActions, 'prove' | 'handle'>,
    private readonly copy: RegistryCopy,
  ) {}

  /** Throws a ProblemError with the code that a record on Kafka would have got; 429 and 503 use up no id. */
  async handle(ask: Ask, aud: string): Promise<Submitted> {
    if (!this.copy.isReady) throw new ProblemError('dependency_unavailable', { retryAfterSeconds: 1 });
    const checked = await this.freeze.prove([ask], aud);
    for (const one of checked) if (!isProven(one)) throw new ProblemError(one.code);
    const [fate] = await this.database.transaction((tx) =>
      this.freeze.handle(
        {
          checked,
          onShort: ({ code, waitSeconds }) => {
            throw new ProblemError(code, { retryAfterSeconds: waitSeconds });
          },
        },
        tx,
      ),
    );
    if (fate === undefined) throw new Error('an ask has a fate');
    return answerTo(fate);
  }
}

function answerTo(fate: Freezing): Submitted {
  switch (fate.kind) {
    case 'unproven':
      throw new ProblemError(fate.unproven.code);
    case 'dead':
      throw problemOf(fate.refusal);
    case 'again':
      return accepted(fate.used.id, fate.used.code);
    case 'new':
      return accepted(fate.candidate.header.ce.id, fate.candidate.judged.refusal);
    case 'twice':
      return accepted(fate.of.header.ce.id, fate.of.judged.refusal);
  }
}

/** A request that was rejected answers its code again, as often as it is sent. */
function accepted(actionId: string, refusal: Refusal | ProblemCode | null | undefined): Submitted {
  if (refusal === null || refusal === undefined) return { actionId, state: 'accepted' };
  throw problemOf(typeof refusal === 'string' ? { code: refusal } : refusal);
}

const problemOf = ({ code, detail }: Refusal): ProblemError =>
  new ProblemError(code, detail === undefined ? {} : { detail });
