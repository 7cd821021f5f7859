import { Injectable } from '@nestjs/common';
import { Timers, type TimerHandler, type Tx } from '#database';
import { unsatisfiable } from '../core/endings.js';
import { ApprovalStore } from '../io/approval.store.js';
import { OpenPlanStore, type OpenPlan } from '../io/open-plan.store.js';
import { EndApprovals } from './end-approvals.js';
import { FindStuck } from './find-stuck.js';
import { rerouteTimer } from './timer-kinds.js';

const againSeconds = 5;
const mostAtOnce = 500;
const first = '00000000-0000-0000-0000-000000000000';

/** Ends what nobody is left to decide. Whoever is new may decide at once, and whoever left may not: each vote reads the registry. */
@Injectable()
export class Reroute implements TimerHandler {
  constructor(
    private readonly plans: OpenPlanStore,
    private readonly find: FindStuck,
    private readonly approvals: ApprovalStore,
    private readonly ends: EndApprovals,
    private readonly timers: Timers,
  ) {}

  async handle(refs: string[], tx: Tx): Promise<void> {
    for (const ref of refs) await this.page(tx, ref);
  }

  private async page(tx: Tx, ref: string): Promise<void> {
    const [group = '', after = first] = ref.split(' ');
    const open = await this.plans.ofGroup(tx, { group, after, most: mostAtOnce });
    const stuck = await this.find.among(open);
    const isDone = stuck !== undefined && (await this.end(tx, stuck));
    const again = isDone ? [] : [{ kind: rerouteTimer, ref, dueAt: { seconds: againSeconds } }];
    const last = open.length === mostAtOnce ? open.at(-1) : undefined;
    const further = last ? [{ kind: rerouteTimer, ref: `${group} ${last.actionId}`, dueAt: { seconds: 0 } }] : [];
    // Set anew and not thrown: a registry that is down must not hold up the other timers of this service.
    await this.timers.set(tx, [...again, ...further]);
  }

  /** False where one has moved since it was read: it may have had its last vote, and is looked at again. */
  private async end(tx: Tx, stuck: readonly OpenPlan[]): Promise<boolean> {
    const versions = new Map(stuck.map(({ actionId, version }) => [actionId, version]));
    const held = versions.size === 0 ? [] : await this.approvals.lock(tx, [...versions.keys()]);
    const same = held.filter(({ actionId, state, version }) => state === 'open' && versions.get(actionId) === version);
    await this.ends.end(
      same.map((one) => ({ held: one, ending: unsatisfiable })),
      tx,
    );
    return same.length === versions.size;
  }
}
