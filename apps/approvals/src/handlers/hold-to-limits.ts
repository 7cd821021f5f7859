import { Injectable } from '@nestjs/common';
import { Crowd, waitingLimits, type Waiting } from '#contracts';
import type { Tx } from '#database';
import { heldToLimits } from '../core/limits.js';
import { RegistryFacts } from '../io/registry-facts.js';
import { WaitingStore } from '../io/waiting.store.js';
import type { Case } from './new-approval.js';

type Open = Case & { opening: { kind: 'open' }; shown: NonNullable<Case['shown']> };

/** No agent, task or owner has more before people than the registry lets it: exact, however many processes open at once. */
@Injectable()
export class HoldToLimits {
  constructor(
    private readonly waiting: WaitingStore,
    private readonly registry: RegistryFacts,
  ) {}

  async hold(tx: Tx, cases: Case[]): Promise<Case[]> {
    const open = cases.filter(isOpen);
    if (open.length === 0) return cases;
    const asked = open.map((one) => ({ actionId: one.event.data.action_id, ...waitingOf(one) }));
    const crowd = new Crowd(await this.waiting.count(tx, asked));
    return cases.map((one) => (isOpen(one) ? { ...one, opening: this.opening(one, crowd) } : one));
  }

  private opening(one: Open, crowd: Crowd): Case['opening'] {
    const { agent } = one.shown;
    const now = this.registry.known('agents', agent.id) ?? agent;
    const owner = this.registry.known('people', agent.spec.owner);
    const limits = waitingLimits(now.spec, owner?.spec);
    return heldToLimits({ opening: one.opening, waiting: waitingOf(one), limits }, crowd);
  }
}

const isOpen = (one: Case): one is Open => one.opening.kind === 'open' && one.shown !== undefined;

function waitingOf({ opening, shown: { agent } }: Open): Waiting {
  return { agent: agent.id, owner: agent.spec.owner, task: opening.request.context.task_id };
}
