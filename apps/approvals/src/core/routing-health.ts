import { mostToldOneByOne, type Known, type Plan, type RoutingNeed, type RoutingProblem } from '#contracts';
import { hasLimit, moneyText } from '#trust';
import { chainOf } from './eligibility.js';
import { whyPlanCannotStand, type Asked } from './plan.js';

export interface RoutingAround extends Asked {
  groupOf: (id: string) => Known<'groups'> | undefined;
  /** Whether anybody of this group can be told anything. */
  hears: (group: string) => boolean;
  /** Those that can ask. */
  agents: readonly Known<'agents'>[];
}

/** What stands against requests that nobody has made yet. Each need is opened as a plan of its own, by the same arithmetic as a real one. */
export function routingProblems(needs: readonly RoutingNeed[], around: RoutingAround): RoutingProblem[] {
  const problems = needs.flatMap((need) => problemsOf(need, around));
  // A group that several settings name is told once where it says nothing of them.
  const isFirst = ({ group, kind }: RoutingProblem, at: number): boolean =>
    problems.findIndex((other) => other.kind === kind && other.group === group) === at;
  return problems.filter((problem, at) => problem.kind !== 'no_channel' || isFirst(problem, at));
}

function problemsOf(need: RoutingNeed, around: RoutingAround): RoutingProblem[] {
  const { group, where } = need;
  const known = around.groupOf(group);
  if (known === undefined) {
    const detail = `no group ${group} is registered`;
    return [{ kind: 'group_missing', group, where, detail, todo: `register the group ${group} with the people who decide` }];
  }
  const { agents, peopleOf, toldOf } = around;
  return around.hears(group) ? tooFew(need, { agents, peopleOf: toldOf }) : [...tooFew(need, { agents, peopleOf }), deaf(need)];
} // prettier-ignore

function deaf({ group, where }: RoutingNeed): RoutingProblem {
  const detail = 'its people are never told that something waits for them';
  const todo = `give the group ${group} a mail address or a webhook, or each of its people a mail address (up to ${String(mostToldOneByOne)} of them)`;
  return { kind: 'no_channel', group, where, detail, todo };
}

/** For everybody; or, where there are enough, for the agents whose own people are too many of them. */
function tooFew(need: RoutingNeed, { agents, peopleOf }: Pick<RoutingAround, 'agents' | 'peopleOf'>): RoutingProblem[] {
  const { group, quorum, where } = need;
  const stands = (excluded: Plan['excluded']): boolean => whyPlanCannotStand(planFor(need, excluded), peopleOf) === undefined;
  if (!stands([])) {
    const able = [...peopleOf(group)].filter((person) => person.active && hasLimit(person, need)).length;
    const detail = `${String(able)} active people${limitOf(need)}, and ${where} may ask for ${String(quorum)}`;
    return [{ kind: 'too_few_people', group, where, detail, todo: `add people${limitOf(need)} to ${group}, or ask for fewer` }];
  }
  const stuck = agents.filter((agent) => mayAsk(agent, need) && !stands(chainIn(agent)));
  return stuck.map(({ id: agent }) => ({
    kind: 'agent_leaves_too_few', group, where, agent,
    detail: `for agent ${agent} fewer than ${String(quorum)} are left: its owner, registrar and principals never decide`,
    todo: `add people${limitOf(need)} to ${group}, or let others answer for ${agent}`,
  }));
} // prettier-ignore

const limitOf = ({ min_limit: least }: RoutingNeed): string =>
  least === undefined ? '' : ` with a limit of ${moneyText(least.amount_minor, least.currency) ?? 'that amount'}`;

function planFor({ group, min_limit, quorum }: RoutingNeed, excluded: Plan['excluded']): Plan {
  const stage = { stage: 1, group, quorum, confirmations: [], ...(min_limit && { min_limit }) };
  return { stages: [stage], excluded, deadline_at: '9999-12-31T23:59:59.999Z', step_up: false };
}

function chainIn(agent: Known<'agents'>): Plan['excluded'] {
  const { owners, principals, registrars } = chainOf([agent], undefined);
  return [...owners, ...registrars, ...principals].map((person) => ({ person, why: 'in_delegation_chain' }));
}

/** Whether an action of this kind is in the agent's scope at all; both sides may end in `*`. */
function mayAsk({ spec }: Known<'agents'>, { actions }: RoutingNeed): boolean {
  if (actions === undefined) return true;
  const own = spec.scope.flatMap((scope) => scope.actions);
  return own.some((one) => actions.some((other) => covers(one, other) || covers(other, one)));
}

const covers = (pattern: string, name: string): boolean =>
  pattern === name || (pattern.endsWith('*') && name.startsWith(pattern.slice(0, -1)));
