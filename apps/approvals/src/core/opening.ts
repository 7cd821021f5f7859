import type { Grant, Known, Plan, RequestValue, Verdict } from '#contracts';
import { waitsInVain } from '#trust';
import type { Ending } from './approval.js';
import type { Believed } from './belief.js';
import { whyPlanCannotStand, type Asked } from './plan.js';
import { stagesAtFirst, waitsFor, type WaitsFor } from './waits-for.js';

export type Opening =
  | {
      kind: 'open';
      request: RequestValue;
      verdict: Verdict;
      plan: Plan;
      grant: Grant;
      waits: WaitsFor;
      /** A stage would wait out its seconds for people who are not there. */
      waitsInVain: boolean;
    }
  /** It ends as it begins. */
  | { kind: 'ended'; ending: Ending }
  | { kind: 'forged' };

export interface Around {
  /** The agent as it is now, if it is known. */
  agent: Known<'agents'> | undefined;
  asked: Asked;
}

/** What becomes of a request for which policy wants people. */
export function openingOf(believed: Believed, around: Around): Opening {
  if (believed.kind === 'forged') return { kind: 'forged' };
  if (believed.kind === 'doubtful') return { kind: 'ended', ending: { state: 'denied', code: 'engine_error' } };
  if (around.agent?.spec.state === 'suspended') {
    return { kind: 'ended', ending: { state: 'cancelled', code: 'agent_suspended' } };
  }
  return planned(believed.request, believed.verdict, around.asked);
}

/** Opens the plan of a verdict that wants people, or says why nobody can decide it. */
export function planned(request: RequestValue, verdict: Verdict, asked: Asked): Opening & { kind: 'open' | 'ended' } {
  const { plan, grant } = verdict;
  if (plan === undefined || grant === undefined) {
    return { kind: 'ended', ending: { state: 'denied', code: 'policy_unsatisfiable' } };
  }
  const why = whyPlanCannotStand(plan, asked.toldOf);
  if (why !== undefined) return { kind: 'ended', ending: { state: 'denied', code: why } };
  const waits = waitsFor(plan, stagesAtFirst(plan));
  return { kind: 'open', request, verdict, plan, grant, waits, waitsInVain: waitsInVain(plan, asked.toldOf) };
}
