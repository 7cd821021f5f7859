import { Injectable } from '@nestjs/common';
import { verdict, type CountedVote } from '#contracts';
import type { Tx } from '#database';
import { DeadLetters, type Incoming } from '#messaging';
import { readGranting, readPassage, Trust, type Evidence, type Passage, type Subject } from '#trust';
import { handedOverByApprovals, handedOverByPolicy, type HandOver } from '../core/hand-over.js';

/** An event by which a service says that it passes an action on, with the evidence for it. */
export interface Passed extends Subject {
  evidence: Evidence;
  /** Of approvals; undefined when policy passes it on, whose verdict says so itself. */
  granting: string | undefined;
  event: Incoming<unknown>;
}

/** An action that is held here now. */
export interface Held extends Passed {
  actionDigest: string;
  /** Undefined when its evidence does not belong together. */
  passage: Passage | undefined;
}

/** Tells what was passed on to this service from what only says so: the latter becomes a dead letter, and ends nothing. */
@Injectable()
export class ReadPassed {
  constructor(
    private readonly trust: Trust,
    private readonly deadLetters: DeadLetters,
  ) {}

  async read(passed: readonly Passed[], tx: Tx): Promise<Held[]> {
    const [held, forged]: [Held[], Incoming<unknown>[]] = [[], []];
    for (const one of passed) {
      const handOver = this.handOver(one);
      if (handOver.kind === 'ours') held.push({ ...one, ...handOver });
      else forged.push(one.event);
    }
    await this.deadLetters.bury(tx, forged);
    return held;
  }

  private handOver(passed: Passed): HandOver {
    const { evidence, event, granting } = passed;
    // Under another key it would stand beside the order of its action.
    if (event.subject !== passed.actionId) return { kind: 'forged' };
    const passage = readPassage(this.trust, evidence, passed);
    const { votes } = evidence;
    return votes === undefined || granting === undefined
      ? this.byPolicy(passed, passage)
      : this.byApprovals(passed, { granting, votes, passage });
  }

  private byPolicy(passed: Passed, passage: Passage | undefined): HandOver {
    // A passage rests on a verdict that was verified already.
    if (passage !== undefined) return handedOverByPolicy(passage.verdict, passed, passage);
    const by = { purpose: 'verdict', service: 'policy', schema: verdict } as const;
    const read = this.trust.verify(passed.evidence.verdict, by);
    return handedOverByPolicy(read.ok ? read.payload : undefined, passed);
  }

  private byApprovals(passed: Passed, { granting, votes, passage }: Granted): HandOver {
    return handedOverByApprovals(readGranting(this.trust, granting, passed), votes, passage);
  }
}

interface Granted {
  granting: string;
  votes: readonly CountedVote[];
  passage: Passage | undefined;
}
