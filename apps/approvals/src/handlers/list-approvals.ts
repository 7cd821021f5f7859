import { Injectable } from '@nestjs/common';
import type { ApprovalsAnswer, Known } from '#contracts';
import type { ApprovalState } from '../core/approval.js';
import { deciderOf } from '../core/decider.js';
import { InboxStore, type Alike, type Line } from '../io/inbox.store.js';
import { RegistryFacts } from '../io/registry-facts.js';

export interface ListInput {
  state: ApprovalState;
  /** Only what this person may decide now. */
  mine: boolean;
  /** What is decided is always listed one by one. */
  alike: Alike;
}

@Injectable()
export class ListApprovals {
  constructor(
    private readonly inbox: InboxStore,
    private readonly registry: RegistryFacts,
  ) {}

  async handle(caller: Known<'people'>, input: ListInput): Promise<ApprovalsAnswer> {
    const lines = await this.lines(caller, input);
    return { approvals: lines.map(answerOf) };
  }

  private async lines(caller: Known<'people'>, { alike, mine, state }: ListInput): Promise<Line[]> {
    const groups = mine ? this.registry.partiesOf(caller.id) : this.registry.sightOf(caller.id);
    if (state !== 'open') return this.inbox.closed(state, groups);
    if (groups === 'all' || !mine) return this.inbox.open(groups, alike);
    return this.inbox.waitingFor(deciderOf(caller), groups, alike);
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
    count: line.count,
  };
}
