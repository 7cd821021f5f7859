import { Injectable } from '@nestjs/common';
import type { DataOf, Known, policyApprovalRequired, Recipient, Versioned } from '#contracts';
import type { Tx } from '#database';
import { DeadLetters, type Incoming, type SliceHandler } from '#messaging';
import { partiesOf } from '#trust';
import { shownOf, type Believed } from '../core/belief.js';
import { openingOf, type Opening } from '../core/opening.js';
import type { Asked } from '../core/plan.js';
import { RegistryFacts, versionKey } from '../io/registry-facts.js';
import { AnnounceOpenings } from './announce-openings.js';
import type { Case, Shown } from './new-approval.js';
import { OpeningRows } from './opening-rows.js';
import { ReadEvidence } from './read-evidence.js';

type Event = Incoming<DataOf<typeof policyApprovalRequired>>;

/** policy wants people: opens the plan, or ends the request at once when nobody could decide it. */
@Injectable()
export class OpenApprovals implements SliceHandler<typeof policyApprovalRequired> {
  constructor(
    private readonly evidence: ReadEvidence,
    private readonly registry: RegistryFacts,
    private readonly rows: OpeningRows,
    private readonly announce: AnnounceOpenings,
    private readonly dead: DeadLetters,
  ) {}

  async handle(events: Event[], tx: Tx): Promise<void> {
    const cases = await this.lookAgain(await this.decide(events));
    const announced = await this.rows.save(tx, cases);
    await this.announce.say(tx, announced);
    const forged = events.filter((_, i) => cases[i]?.opening.kind === 'forged');
    await this.dead.bury(tx, forged);
  }

  private async decide(events: Event[]): Promise<Case[]> {
    const read = events.map((event) => ({ event, believed: this.evidence.read(event.data, 'require_approval') }));
    const agents = await this.registry.agentsAt(read.flatMap(({ believed }) => agentsIn(believed)));
    return read.map(({ event, believed }) => {
      const shown = this.shown(event, believed, agents);
      return this.caseOf({ event, shown, believed: shown === undefined ? doubt(believed) : believed });
    });
  }

  private shown(event: Event, believed: Believed, agents: Map<string, Known<'agents'>>): Shown | undefined {
    if (believed.kind !== 'sound') return undefined;
    const { request, verdict } = believed;
    const agent = agents.get(versionKey(verdict.agent));
    // A verdict about a version of the agent that never was.
    if (agent === undefined) return undefined;
    const actionType = this.registry.known('action-types', request.action.name);
    const { facts, request: frozen } = event.data.evidence;
    const view = shownOf({ verdict, facts, request: frozen, agent, actionType });
    return view && { headline: view.headline, agent, actionType };
  }

  private caseOf(read: Omit<Case, 'opening'>, asked: Asked = this.registry): Case {
    const now = this.registry.known('agents', read.event.data.agent_id);
    return { ...read, opening: openingOf(read.believed, { agent: now, asked }) };
  }

  /** The copy may lag behind a group that was just filled: the registry is asked before "nobody can decide" ends a request. */
  private async lookAgain(cases: Case[]): Promise<Case[]> {
    const asked = cases.filter(({ opening }) => lacksPeople(opening)).flatMap(({ believed }) => askedIn(believed));
    if (asked.length === 0) return cases;
    const askedNow = await this.registry.askedNow([...new Set(asked)]);
    return cases.map((one) => (lacksPeople(one.opening) ? this.caseOf(one, askedNow) : one));
  }
}

function lacksPeople(opening: Opening): boolean {
  return opening.kind === 'ended' && opening.ending.code === 'no_eligible_approver';
}

function askedIn(believed: Believed): Recipient[] {
  return believed.kind === 'sound' && believed.verdict.plan ? partiesOf(believed.verdict.plan) : [];
}

function agentsIn(believed: Believed): Versioned[] {
  return believed.kind === 'sound' ? [believed.verdict.agent] : [];
}

function doubt(believed: Believed): Believed {
  return believed.kind === 'sound' ? { kind: 'doubtful', actionDigest: believed.verdict.action_digest } : believed;
}
