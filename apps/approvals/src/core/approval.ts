import type { CancelledCode, DeniedCode, Plan, Stage } from '#contracts';

export type ApprovalState = 'open' | 'granted' | 'denied' | 'expired' | 'cancelled';

/** What people are told about a request; the decision itself is read at its door. */
export interface Summary {
  action: string;
  resource: string;
  severity: string;
  groups: string[];
  notify: string[];
}

/**
 * One approval, locked by the transaction that holds it. `now` is the database clock read after the lock was granted:
 * two transitions of one approval therefore see their times in the order in which they happen.
 */
export interface Held {
  actionId: string;
  agentId: string;
  actionDigest: string;
  state: ApprovalState;
  /** Version of the row; each event that is said about it takes the next number. */
  version: number;
  planNo: number;
  /** The first of those that are open. */
  stage: number;
  /** Those in which people may say yes now: several at once only where the plan is parallel. */
  openStages: number[];
  /** When the open stages began. */
  beganAt: Date;
  /** Open stages whose next group was told. */
  escalated: number[];
  /** Of what is open now; never later than the plan's. */
  deadlineAt: Date;
  /** Undefined when the evidence did not hold: then nothing is repeated from it. */
  summary: Summary | undefined;
  traceparent: string | undefined;
  now: Date;
}

/** How an approval ends without a grant. All of them are terminal outcomes. */
export type Ending =
  | { state: 'denied'; code: DeniedCode }
  | { state: 'expired'; code: 'approval_expired' }
  | { state: 'cancelled'; code: CancelledCode };

/** Stages in the order in which they are decided. */
export function stagesInOrder(plan: Plan): Stage[] {
  return plan.stages.toSorted((a, b) => a.stage - b.stage);
}
