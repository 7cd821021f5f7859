import { Injectable } from '@nestjs/common';
import { ProblemError, type JudgementAnswer, type JudgementBody } from '#contracts';
import { moneyOf } from '../core/attributes.js';
import type { Question } from '../core/question.js';
import { CurrentRegistry } from '../io/current-registry.js';
import { Decider } from '../io/decider.js';
import { Evidence } from '../io/evidence.js';
import { StandingStore, type Standing } from '../io/standing.store.js';
import { ExplainStatements } from './explain-statements.js';

/**
 * Judges an action again, by the rules in force and the registry as it is now, and reserves nothing. Its own reservation, review and
 * count are left out, or it would stand in its own way.
 */
@Injectable()
export class JudgeAgain {
  constructor(
    private readonly evidence: Evidence,
    private readonly standings: StandingStore,
    private readonly registry: CurrentRegistry,
    private readonly decider: Decider,
    private readonly explains: ExplainStatements,
  ) {}

  /** Throws ProblemError `evidence_invalid` for an action that this gate never accepted or policy never judged. */
  async handle({ purpose, evidence }: JudgementBody): Promise<JudgementAnswer> {
    const read = this.evidence.readByItself(evidence);
    if (read.kind !== 'sound') throw new ProblemError('evidence_invalid');
    const { question } = read;
    const standing = await this.standings.find(question.actionId, accountOf(question));
    if (standing === undefined) throw new ProblemError('evidence_invalid');
    const registry = await this.registry.readFor(question, standing.now);
    const { now, decidedAt } = standing;
    const counters = countersOf(standing);
    const judged = this.decider.decide(question, { registry, counters, purpose, now, decidedAt });
    // Where the plan is replaced, people look at what is found now. At a redeem nobody looks any more.
    const { verdict, facts } = purpose === 'vote' ? await this.explains.add(judged, question, evidence) : judged;
    return { verdict: this.evidence.sign(verdict), facts };
  }
}

function accountOf({ agentId, request }: Question): { agentId: string; currency: string } | undefined {
  const money = moneyOf(request);
  return money && { agentId, currency: money.currency };
}

function countersOf({ velocity, spend, openReviews, refusedSecondsAgo }: Standing) {
  return {
    velocity,
    openReviews,
    ...(refusedSecondsAgo !== undefined && { refusedSecondsAgo }),
    ...(spend && { spend }),
  };
}
