import type {
  Confirmation, Facts, Plan, PlanSecrets, PolicyClaims, PolicyDecision, PolicyInput, RequiredApproval, Stage,
} from '#contracts'; // prettier-ignore
import { sourcesOf, stagesAtOnce } from '#trust';
import type { Catalogue, ConfirmationText } from './catalogue.js';
import { claimAt } from './claims.js';
import type { Exclusion } from './exclusions.js';
import type { Registry } from './registry.js';
import { peopleFor, peopleIn } from './seats.js';

export interface PlanInput {
  obligations: PolicyDecision['obligations'];
  catalogue: Catalogue;
  claims: PolicyClaims;
  facts: Facts;
  /** From here the owner group and the manager are, never from a claim. */
  known: Pick<PolicyInput, 'subject' | 'resource'>;
  registry: Pick<Registry, 'get'>;
  excluded: readonly Exclusion[];
  secrets?: PlanSecrets | undefined;
  /** When the action was first judged: judged again, the deadline stays where it was. */
  decidedAt: Date;
  /** The stages of this plan begin now. */
  now: Date;
}

/** No plan waits longer, whatever the rules say. */
const longestSeconds = 7 * 86_400;
const largestQuorum = 20;

/**
 * Turns what the rules want of people into a plan, or undefined when no people could ever do it: no quorum, no time, a point that nobody described,
 * a manager that nobody has. Who is eligible is not policy's question, but where a stage could go on to the next group.
 */
export function planOf(input: PlanInput): Plan | undefined {
  const { approvals, approval_ttl_s: ttl, parallel } = input.obligations;
  const stages = approvals.map((wanted, index) => stageOf(wanted, index + 1, input));
  const whole = stages.filter((stage) => stage !== undefined);
  if (whole.length === 0 || whole.length !== stages.length || !isCount(ttl)) return undefined;
  const deadline = input.decidedAt.getTime() + mostSeconds(input) * 1_000;
  const counts = whole.some((stage) => stage.deadline_seconds !== undefined || stage.escalate !== undefined);
  return withNextGroups(input.registry, {
    stages: whole,
    ...(parallel === true && whole.length > 1 && { parallel }),
    ...vetoOf(input, whole),
    excluded: exclusionsOf(input),
    deadline_at: new Date(deadline).toISOString(),
    ...(counts && { begins_at: input.now.toISOString() }),
    step_up: input.obligations.step_up === true,
    ...(input.secrets && { secrets: input.secrets }),
  });
}

const mostSeconds = ({ obligations: { approval_ttl_s: ttl } }: PlanInput): number => Math.min(ttl, longestSeconds);

function stageOf(wanted: RequiredApproval, stage: number, input: PlanInput): Stage | undefined {
  const confirmations = wanted.confirmations.map((id) => confirmationOf(id, input));
  const known = confirmations.filter((each) => each !== undefined);
  const people = peopleFor(wanted, input.known);
  const seconds = [wanted.deadline_s, wanted.escalate?.after_s].filter((each) => each !== undefined);
  const isWhole = known.length === confirmations.length && people !== undefined && seconds.every(isCount);
  if (!isWhole || !isCount(wanted.quorum) || wanted.quorum > largestQuorum) return undefined;
  const { deadline_s, quorum, min_limit } = wanted;
  const own = { stage, ...people, quorum, ...(min_limit && { min_limit }), confirmations: known };
  return { ...own, ...(deadline_s !== undefined && { deadline_seconds: deadline_s }), ...escalationOf(wanted, input) };
} // prettier-ignore

/** Where the stage goes on to when nobody decides; not at all, where the time would be over before. */
function escalationOf({ deadline_s, escalate }: RequiredApproval, input: PlanInput): Pick<Stage, 'escalate'> {
  const time = Math.min(mostSeconds(input), deadline_s ?? longestSeconds);
  if (escalate === undefined || escalate.after_s >= time) return {};
  return { escalate: { after_seconds: escalate.after_s, to: escalate.to } };
}

/** A stage goes on at once where seats would stay empty without its next group. Only here: everybody else counts from what is signed. */
function withNextGroups(registry: PlanInput['registry'], plan: Plan): Plan {
  const atOnce = stagesAtOnce(plan, peopleIn(registry));
  const stages = plan.stages.map((stage): Stage => {
    const { escalate } = stage;
    return escalate && atOnce.has(stage.stage) ? { ...stage, escalate: { ...escalate, after_seconds: 0 } } : stage;
  });
  return { ...plan, stages };
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
function vetoOf({ obligations: { veto = [] } }: PlanInput, stages: readonly Stage[]): Pick<Plan, 'veto'> {
  const seated = new Set(stages.flatMap(sourcesOf).flatMap((one) => ('group' in one ? [one.group] : [])));
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
