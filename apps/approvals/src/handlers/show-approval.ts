import { Injectable } from '@nestjs/common';
import type { ApprovalAnswer, Known } from '#contracts';
import { seatToApprove } from '../core/eligibility.js';
import { progressOf, tellable } from '../core/progress.js';
import { openNow } from '../core/waits-for.js';
import { InboxStore, type Step } from '../io/inbox.store.js';
import { RegistryFacts } from '../io/registry-facts.js';
import { VoteStore } from '../io/vote.store.js';
import { claimsOf, LoadCase, type LoadedCase } from './load-case.js';

/** What a person decides on, and beside it how far it has come. Shows only: a vote reads everything again. */
@Injectable()
export class ShowApproval {
  constructor(
    private readonly cases: LoadCase,
    private readonly votes: VoteStore,
    private readonly inbox: InboxStore,
    private readonly registry: RegistryFacts,
  ) {}

  async handle(actionId: string, caller: Known<'people'>): Promise<ApprovalAnswer> {
    const loaded = await this.cases.load(actionId, caller, 'copy');
    const votes = await this.votes.ofPlan(actionId, loaded.row.planNo);
    const reader = { person: caller.id, voted: loaded.row.voted, state: loaded.row.state };
    const steps = (await this.inbox.steps(actionId)).map((step) => tellable(step, reader));
    return {
      decision: loaded.view,
      view_digest: loaded.viewDigest,
      ...(await this.before(actionId, caller)),
      ...(await this.answers(loaded, caller)),
      progress: {
        state: loaded.row.state,
        stage: loaded.row.stage,
        deadline_at: loaded.row.deadlineAt.toISOString(),
        ...yours(loaded),
        stages: progressOf(loaded.plan, votes, loaded.row),
        ...delegatedIn(loaded),
        history: historyOf(loaded, steps),
      },
    };
  }

  private async before(actionId: string, caller: Known<'people'>): Promise<Pick<ApprovalAnswer, 'before'>> {
    const before = await this.inbox.grantedBefore(actionId, this.registry.sightOf(caller.id));
    return before === undefined ? {} : { before: { action_id: before.actionId, granted_at: before.at.toISOString() } };
  }

  private async answers({ row }: LoadedCase, caller: Known<'people'>): Promise<Pick<ApprovalAnswer, 'answers'>> {
    const { supersedes } = claimsOf(row);
    if (supersedes === undefined) return {};
    const asked = await this.inbox.questionOf(supersedes, row.agentId, this.registry.sightOf(caller.id));
    return asked === undefined ? {} : { answers: { action_id: supersedes, ...asked, at: asked.at.toISOString() } };
  }
}

function delegatedIn({ circle: { given } }: LoadedCase): Pick<ApprovalAnswer['progress'], 'delegated'> {
  if (given.length === 0) return {};
  return {
    delegated: given.map(({ giver, receiver, until }) => ({ by: giver, to: receiver, until: until.toISOString() })),
  };
}

/** Where the reader could say yes. */
function yours({ circle, person, plan, row }: LoadedCase): Pick<ApprovalAnswer['progress'], 'yours'> {
  if (row.state !== 'open' || row.voted) return {};
  const own = openNow(plan, row).find((one) => seatToApprove(person, one, circle).ok);
  return own === undefined ? {} : { yours: own.stage.stage };
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
