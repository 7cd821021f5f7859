import { Injectable } from '@nestjs/common';
import { approvalQuestioned, ProblemError, type Known, type QuestionAnswer } from '#contracts';
import { Database, type Tx } from '#database';
import { Outbox } from '#messaging';
import { freeText } from '#trust';
import type { Held } from '../core/approval.js';
import { whyNoPart } from '../core/eligibility.js';
import { questionedStep } from '../core/progress.js';
import { whyNotOpen } from '../core/vote.js';
import { ApprovalStore } from '../io/approval.store.js';
import { Outcomes } from '../io/outcomes.js';
import { LoadCase } from './load-case.js';

export interface AskAgentInput {
  actionId: string;
  caller: Known<'people'>;
  text: string;
  traceparent: string | undefined;
}

/** A person asks the agent something before they decide. Nothing else changes: whoever has seen enough may decide meanwhile, and the time runs on. */
@Injectable()
export class AskAgent {
  constructor(
    private readonly cases: LoadCase,
    private readonly database: Database,
    private readonly approvals: ApprovalStore,
    private readonly outcomes: Outcomes,
    private readonly outbox: Outbox,
  ) {}

  /** Throws ProblemError: `not_found`, `not_eligible`, `text_not_allowed`, and `already_decided` or `expired` for what does not wait. */
  async handle(input: AskAgentInput): Promise<QuestionAnswer> {
    if (!freeText(input.text)) throw new ProblemError('text_not_allowed', { detail: 'text' });
    const { circle, person } = await this.cases.load(input.actionId, input.caller, 'now');
    const why = whyNoPart(person, circle);
    if (why !== undefined) throw new ProblemError('not_eligible', { why });
    const at = await this.database.transaction((tx) => this.ask(tx, input));
    return { action_id: input.actionId, asked_at: at.toISOString() };
  }

  private async ask(tx: Tx, { actionId, caller, text, traceparent }: AskAgentInput): Promise<Date> {
    const [held] = await this.approvals.lock(tx, [actionId]);
    const late = held && whyNotOpen(held);
    if (held === undefined || late !== undefined) throw new ProblemError(late ?? 'not_found');
    const note = { actionId, from: held.version, what: questionedStep, by: caller.id, reason: text };
    await this.approvals.note(tx, 'open', [note]);
    await this.say(tx, held, { by: caller.id, text, traceparent });
    return held.now;
  }

  private async say(
    tx: Tx,
    held: Held,
    { by, text, traceparent }: { by: string; text: string; traceparent: string | undefined },
  ): Promise<void> {
    const code = 'question_asked';
    const outcome = this.outcomes.pending(held, held.deadlineAt.toISOString(), { code, reasons: [code] });
    const asked = { by, text, asked_at: held.now.toISOString() };
    const data = { action_id: held.actionId, agent_id: held.agentId, ...asked, outcome };
    const said = { event: approvalQuestioned, subject: held.actionId, sequence: held.version + 1, data };
    await this.outbox.say(tx, [{ ...said, traceparent: traceparent ?? held.traceparent }]);
  }
}
