import type {
  Confirmation, Facts, Plan, PlanSecrets, PolicyClaims, PolicyDecision, RequiredApproval, Stage,
} from '#contracts'; // prettier-ignore
import type { Catalogue, ConfirmationText } from './catalogue.js';
import { claimAt } from './claims.js';
import type { Exclusion } from './exclusions.js';

export interface PlanInput {
  obligations: PolicyDecision['obligations'];
  catalogue: Catalogue;
  claims: PolicyClaims;
  facts: Facts;
  excluded: readonly Exclusion[];
  secrets?: PlanSecrets | undefined;
  /** When the action was first judged: judged again, the deadline stays where it was. */
  decidedAt: Date;
}

/** No plan waits longer, whatever the rules say. */
const longestSeconds = 7 * 86_400;
const largestQuorum = 20;

/**
 * Turns what the rules want of people into a plan, or undefined when no people could ever do it: no quorum, no time, a point that nobody described.
 * Who is eligible is not policy's question.
 */
export function planOf(input: PlanInput): Plan | undefined {
  const { approvals, approval_ttl_s: ttl } = input.obligations;
  const stages = approvals.map((wanted, index) => stageOf(wanted, index + 1, input));
  const whole = stages.filter((stage) => stage !== undefined);
  if (whole.length === 0 || whole.length !== stages.length || !isCount(ttl)) return undefined;
  const deadline = input.decidedAt.getTime() + Math.min(ttl, longestSeconds) * 1_000;
  return {
    stages: whole,
    ...vetoOf(input),
    excluded: exclusionsOf(input),
    deadline_at: new Date(deadline).toISOString(),
    step_up: input.obligations.step_up === true,
    ...(input.secrets && { secrets: input.secrets }),
  };
}

function stageOf(wanted: RequiredApproval, stage: number, input: PlanInput): Stage | undefined {
  const confirmations = wanted.confirmations.map((id) => confirmationOf(id, input));
  const known = confirmations.filter((each) => each !== undefined);
  if (known.length !== confirmations.length || !isCount(wanted.quorum) || wanted.quorum > largestQuorum)
    return undefined;
  const { group, quorum, min_limit } = wanted;
  return { stage, group, quorum, ...(min_limit && { min_limit }), confirmations: known };
}

function confirmationOf(id: string, { catalogue, claims, facts }: PlanInput): Confirmation | undefined {
  const text = textOf(id, catalogue);
  if (text === undefined) return undefined;
  const fact = text.fact === undefined ? undefined : facts[text.fact];
  const claim = text.claim === undefined ? undefined : claimAt(claims, text.claim);
  return { id, text: text.text, ...(claim !== undefined && { claim }), ...(fact && { fact }) };
}

function textOf(id: string, catalogue: Catalogue): ConfirmationText | undefined {
  return Object.values(catalogue)
    .flatMap(({ confirmations }) => confirmations)
    .find((each) => each.id === id);
}

/** Groups that decide anyway may say no as it is; no member at all where nobody else may. */
function vetoOf({ obligations: { approvals, veto = [] } }: PlanInput): Pick<Plan, 'veto'> {
  const seated = new Set(approvals.map(({ group }) => group));
  const groups = [...new Set(veto)].filter((group) => !seated.has(group)).sort();
  return groups.length === 0 ? {} : { veto: groups };
}

/** The host's exclusions and those that rules add; nothing takes one away. */
function exclusionsOf({ obligations, excluded }: PlanInput): Plan['excluded'] {
  const added = obligations.approvals
    .flatMap(({ exclude }) => exclude)
    .map((person) => ({ person, why: 'excluded' as const }));
  const persons = new Set<string>();
  return [...excluded, ...added].filter(({ person }) => {
    const isNew = !persons.has(person);
    persons.add(person);
    return isNew;
  });
}

/** A whole number of at least one. */
export const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 1;
