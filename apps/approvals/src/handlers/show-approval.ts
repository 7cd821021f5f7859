import { Injectable } from '@nestjs/common';
import type { ApprovalAnswer, Known } from '#contracts';
import { progressOf, tellable } from '../core/progress.js';
import { InboxStore, type Step } from '../io/inbox.store.js';
import { VoteStore } from '../io/vote.store.js';
import { LoadCase, type LoadedCase } from './load-case.js';

/** What a person decides on, and beside it how far it has come. Shows only: a vote reads everything again. */
@Injectable()
export class ShowApproval {
  constructor(
    private readonly cases: LoadCase,
    private readonly votes: VoteStore,
    private readonly inbox: InboxStore,
  ) {}

  async handle(actionId: string, caller: Known<'people'>): Promise<ApprovalAnswer> {
    const loaded = await this.cases.load(actionId, caller, 'copy');
    const votes = await this.votes.ofPlan(actionId, loaded.row.planNo);
    const reader = { person: caller.id, voted: loaded.row.voted, state: loaded.row.state };
    const steps = (await this.inbox.steps(actionId)).map((step) => tellable(step, reader));
    return {
      decision: loaded.view,
      view_digest: loaded.viewDigest,
      progress: {
        state: loaded.row.state,
        stage: loaded.row.stage,
        deadline_at: loaded.row.deadlineAt.toISOString(),
        stages: progressOf(loaded.plan, votes),
        history: historyOf(loaded, steps),
      },
    };
  }
}

function historyOf({ row }: LoadedCase, steps: Step[]): ApprovalAnswer['progress']['history'] {
  const opened = { at: row.openedAt, what: 'opened', by: undefined, reason: undefined };
  return [opened, ...steps].map(({ at, by, reason, what }) => ({
    at: at.toISOString(),
    what,
    ...(by !== undefined && { by }),
    ...(reason !== undefined && { reason }),
  }));
}
