import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import {
  issuerSubject, ProblemError, uuidv7, verdict as verdictSchema, type DecisionView, type Grant, type Known, type Plan,
  type Verdict,
} from '#contracts'; // prettier-ignore
import { isKnown, type CopyEntry, type Wanted } from '#facts';
import { Fault } from '#platform';
import { groupsOf, Trust, variantOf, viewDigest, viewOf, type ViewVariant } from '#trust';
import { deciderOf, type Decider } from '../core/decider.js';
import { chainOf, looksFrom, maySee, overseers, type Circle, type Given } from '../core/eligibility.js';
import { openNow } from '../core/waits-for.js';
import { CaseStore, type CaseRow } from '../io/case.store.js';
import { DelegationStore } from '../io/delegation.store.js';
import { RegistryFacts } from '../io/registry-facts.js';

/** One approval as one person meets it: the evidence, the view of it, and who stands around it. */
export interface LoadedCase {
  row: CaseRow;
  verdict: Verdict;
  plan: Plan;
  grant: Grant;
  view: DecisionView;
  viewDigest: string;
  /** How much of what is secret this person is shown. */
  variant: ViewVariant;
  person: Decider;
  circle: Circle;
  /** The agent as it is now; undefined when it was deleted. */
  agent: Known<'agents'> | undefined;
}

/** `now`: the registry itself is asked, for whatever decides. `copy`: a moment ago will do, for whatever only shows. */
export type Freshness = 'now' | 'copy';

@Injectable()
export class LoadCase {
  constructor(
    private readonly cases: CaseStore,
    private readonly delegations: DelegationStore,
    private readonly trust: Trust,
    private readonly registry: RegistryFacts,
  ) {}

  /** Throws `not_found` for whoever may not see it, exactly as for an id that does not exist. */
  async load(actionId: string, caller: Known<'people'>, freshness: Freshness): Promise<LoadedCase> {
    const row = await this.cases.read(actionId, caller.id);
    if (row === undefined) throw new ProblemError('not_found');
    const judged = this.judged(row);
    const given = await this.delegations.ofPlan(actionId, row.planNo);
    const wanted = wantedFor(row, judged.plan, [caller.id, ...given.map(({ giver }) => giver)]);
    const entries = freshness === 'now' ? await this.registry.now(wanted) : this.registry.copied(wanted);
    const people = around(row, { plan: judged.plan, given }, entries);
    // Whoever the registry no longer knows is nobody here.
    const person = peopleIn(entries).get(caller.id);
    if (person === undefined || !maySee(person, people.circle)) throw new ProblemError('not_found');
    const variant = variantOf(judged.plan, looksFrom(person, openNow(judged.plan, row), people.circle));
    return { row, ...judged, ...people, ...shown(row, judged.verdict, variant), person };
  }

  private judged(row: CaseRow): Judged {
    const judged = readJudged(this.trust, row.verdict);
    if (judged !== undefined) return judged;
    throw new Fault('internal', { retryable: false, message: 'the stored verdict does not verify' });
  }
}

type Judged = Pick<LoadedCase, 'verdict' | 'plan' | 'grant'>;

/** The verdict was verified before it was stored; verified again because people decide on what it says. */
export function readJudged(trust: Trust, jws: string): Judged | undefined {
  const read = trust.verify(jws, { purpose: 'verdict', service: 'policy', schema: verdictSchema });
  if (!read.ok) return undefined;
  const { payload: verdict } = read;
  const { grant, plan } = verdict;
  return plan === undefined || grant === undefined ? undefined : { verdict, plan, grant };
}

function wantedFor(row: CaseRow, plan: Plan, people: string[]): Wanted[] {
  const groups = new Set([...groupsOf(plan), ...overseers]);
  return [
    ...[...new Set(people)].map((id) => ({ kind: 'people', id }) as const),
    { kind: 'agents', id: row.agentId },
    ...[...groups].map((id) => ({ kind: 'groups', id }) as const),
  ];
}

function shown(
  row: CaseRow,
  verdict: Verdict,
  variant: ViewVariant,
): Pick<LoadedCase, 'view' | 'viewDigest' | 'variant'> {
  const { actionType, agent, facts, request } = row;
  const view = viewOf({ verdict, facts, request, agent, actionType, variant });
  return { view, viewDigest: viewDigest(view), variant };
}

function peopleIn(entries: (CopyEntry | undefined)[]): Map<string, Decider> {
  return new Map(entries.filter((entry) => isKnown(entry, 'people')).map((person) => [person.id, deciderOf(person)]));
}

function around(
  row: CaseRow,
  { given, plan }: { plan: Plan; given: Given[] },
  entries: (CopyEntry | undefined)[],
): Pick<LoadedCase, 'circle' | 'agent'> {
  const agent = entries.find((entry) => isKnown(entry, 'agents'));
  const groups = new Map(entries.filter((entry) => isKnown(entry, 'groups')).map((group) => [group.id, group]));
  const onBehalfOf = claimsOf(row).on_behalf_of;
  const chain = chainOf(agent === undefined ? [row.agent] : [row.agent, agent], onBehalfOf);
  return { agent, circle: { plan, chain, groups, given, givers: peopleIn(entries) } };
}

const claims = z.object({ on_behalf_of: issuerSubject.optional(), supersedes: uuidv7.optional() });

/** What the agent says and this service looks at. Nothing that anybody may do follows from it. */
export function claimsOf({ request }: Pick<CaseRow, 'request'>): z.infer<typeof claims> {
  const claimed: unknown = JSON.parse(request.value);
  return z.object({ context: claims }).safeParse(claimed).data?.context ?? {};
}
