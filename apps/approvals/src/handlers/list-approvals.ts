import { Injectable } from '@nestjs/common';
import type { ApprovalsAnswer, Known } from '#contracts';
import type { ApprovalState } from '../core/approval.js';
import { deciderOf } from '../core/decider.js';
import { InboxStore, type Line } from '../io/inbox.store.js';
import { RegistryFacts } from '../io/registry-facts.js';

export interface ListInput {
  state: ApprovalState;
  /** Only what this person may decide now. */
  mine: boolean;
}

@Injectable()
export class ListApprovals {
  constructor(
    private readonly inbox: InboxStore,
    private readonly registry: RegistryFacts,
  ) {}

  async handle(caller: Known<'people'>, { mine, state }: ListInput): Promise<ApprovalsAnswer> {
    const lines =
      mine && state === 'open'
        ? await this.inbox.waitingFor(deciderOf(caller), this.registry.groupsOf(caller.id))
        : await this.inbox.inState(state, mine ? this.registry.groupsOf(caller.id) : this.registry.sightOf(caller.id));
    return { approvals: lines.map(answerOf) };
  }
}

function answerOf(line: Line): ApprovalsAnswer['approvals'][number] {
  return {
    action_id: line.actionId,
    agent_id: line.agentId,
    headline: line.headline,
    severity: line.severity,
    group: line.group,
    stage: line.stage,
    state: line.state,
    opened_at: line.openedAt.toISOString(),
    deadline_at: line.deadlineAt.toISOString(),
  };
}
