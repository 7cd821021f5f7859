import {
  approvalGranted, approvalVoted, killSwitchChanged, leaseReplayed, policyAllowed, registryChanged, reviewClosed, serviceEvents, serviceUrn, signedOutcome, terminalOutcomes, topics,
  type EventDefinition,
} from '#contracts'; // prettier-ignore
import {
  citedBy, digestOf, isClosingOf, isGrantedWith, isReplayOf, isWhole, readChain, readGranting, verifyOutcome,
  type Chain, type Evidence, type Trust,
} from '#trust'; // prettier-ignore
import { z } from 'zod';
import { Broken } from './finding.js';
import type { History } from './history.js';
import type { LoggedEvent } from './log-reader.js';
import { whyNotShown } from './shown-view.js';

const serviceOf: Readonly<Record<string, string>> = {
  [topics.actions]: 'intake',
  [topics.decisions]: 'policy',
  [topics.approvals]: 'approvals',
  [topics.leases]: 'credentials',
  [topics.registry]: 'registry',
};

const definitions = new Map<string, EventDefinition>(serviceEvents.map((event) => [event.type, event]));

const isAboutNoAction = ({ type }: LoggedEvent): boolean =>
  type === registryChanged.type || type === killSwitchChanged.type;

interface Action {
  /** What may have been released: an allow, or a quorum, whose whole evidence verified. */
  permitted: Chain | 'erased' | undefined;
  released: number | undefined;
  terminal: string | undefined;
}

export interface EvidenceCounts {
  actions: number;
  open: number;
  released: number;
  outcomes: number;
  votes: number;
  erased: number;
}

/**
 * Checks what the events prove: each is by the service whose topic it stands on, each outcome is signed by that service,
 * nothing was released without an allow or a quorum whose whole chain verifies, no action was handed on or review closed
 * without the signature of approvals, and no action ended twice.
 */
export class EvidenceReader {
  readonly #actions = new Map<string, Action>();
  readonly #counts = { outcomes: 0, votes: 0, erased: 0 };
  readonly #outcomeIds = new Set<string>();

  constructor(
    private readonly trust: Trust,
    private readonly history: History,
    /** The doors that requests may have been signed for; the topic, and any HTTPS address of intake. */
    private readonly audiences: readonly string[],
  ) {}

  event(event: LoggedEvent): void {
    if (event.source !== serviceUrn(serviceOf[event.topic] ?? '?')) {
      throw new Broken('entries.ndjson', `${event.source} does not speak on ${event.topic}`, event.line);
    }
    if (event.value === undefined) {
      this.#erased(event);
      return;
    }
    const definition = definitions.get(event.type);
    if (definition === undefined)
      throw new Broken('entries.ndjson', `an event of an unknown type ${event.type}`, event.line);
    const data = definition.data.safeParse(JSON.parse(event.value.toString('utf8')));
    if (!data.success)
      throw new Broken('entries.ndjson', `an event of type ${event.type} has another shape`, event.line);
    if (!isAboutNoAction(event)) this.#action(event, data.data as Record<string, unknown>);
  }

  finish(): EvidenceCounts {
    let [open, released] = [0, 0];
    for (const [actionId, action] of this.#actions) {
      if (action.terminal === undefined) open += 1;
      if (action.released === undefined) continue;
      released += 1;
      if (action.permitted !== undefined) continue;
      const what = `action ${actionId} was released without an allow or a quorum that verifies`;
      throw new Broken('entries.ndjson', what, action.released);
    }
    return { actions: this.#actions.size, open, released, ...this.#counts };
  }

  /** What was erased proves nothing, and its absence accuses nobody: the counts say how much there is of it. */
  #erased(event: LoggedEvent): void {
    this.#counts.erased += 1;
    if (isAboutNoAction(event)) return;
    const action = this.#known(event.subject);
    if (event.type === policyAllowed.type || event.type === approvalGranted.type) action.permitted ??= 'erased';
  }

  #known(actionId: string): Action {
    const action = this.#actions.get(actionId) ?? { permitted: undefined, released: undefined, terminal: undefined };
    this.#actions.set(actionId, action);
    return action;
  }

  #action(event: LoggedEvent, data: Record<string, unknown>): void {
    const action = this.#known(event.subject);
    const agentId = String(data['agent_id']);
    if (data['action_id'] !== event.subject)
      throw new Broken('entries.ndjson', 'an event is filed under another action', event.line);
    if (event.type === policyAllowed.type || event.type === approvalGranted.type) {
      action.permitted = this.#chain(event, data['evidence'] as VerdictPart, agentId);
      if (event.type === approvalGranted.type) this.#handedOn(event, data, action.permitted);
    }
    if (event.type === reviewClosed.type) this.#closed(event, data);
    if (event.type === leaseReplayed.type) this.#replayed(event, data);
    const lie = event.type === approvalVoted.type ? whyNotShown(data) : undefined;
    if (lie !== undefined) throw new Broken('entries.ndjson', lie, event.line);
    const outcome = signedOutcome.safeParse(data['outcome']);
    if (outcome.success) this.#outcome(event, { action, agentId, outcome: outcome.data });
  }

  #chain(event: LoggedEvent, { request, verdict, facts, votes }: VerdictPart, agentId: string): Chain {
    const subject = { actionId: event.subject, agentId };
    const chain = readChain(this.trust, { request, verdict, votes }, subject);
    if (chain === undefined) throw new Broken('entries.ndjson', 'its evidence does not belong together', event.line);
    if (digestOf(facts) !== chain.verdict.facts_digest)
      throw new Broken('entries.ndjson', 'the facts are not those of the verdict', event.line);
    const agent = this.history.at('agents', agentId, chain.acceptance.agent.version);
    if (agent === undefined)
      throw new Broken('entries.ndjson', `the log lacks the entry of agent ${agentId} that was used`, event.line);
    const whole = {
      chain,
      request,
      agent,
      audiences: this.audiences,
      facts: this.history.factsFor(citedBy(chain, [chain.plan])),
    };
    this.#knownDoor(request.signature, event.line);
    if (!isWhole(whole))
      throw new Broken('entries.ndjson', 'the agent’s signature or the votes do not verify', event.line);
    this.#counts.votes += chain.votes.length;
    return chain;
  }

  /** An address is only a word of the export's: whoever verifies says which doors the gate has. */
  #knownDoor(signature: string, line: number): void {
    const door = audienceOf(signature);
    if (door === undefined || this.audiences.includes(door)) return;
    const what = `the agent signed for ${door}, which is none of the doors that you named`;
    throw new Broken(
      'entries.ndjson',
      `${what}. If it is this gate's, add: --intake ${door.replace(/\/v1\/actions$/u, '')}`,
      line,
    );
  }

  #handedOn(event: LoggedEvent, data: unknown, chain: Chain): void {
    const { evidence, granting } = approvalGranted.data.parse(data);
    const granted = readGranting(this.trust, granting, chain);
    if (granted === undefined || !isGrantedWith(granted, chain, evidence.votes))
      throw new Broken('entries.ndjson', 'approvals has not signed that it handed this on', event.line);
  }

  #closed(event: LoggedEvent, data: unknown): void {
    const { closing, ...said } = reviewClosed.data.parse(data);
    if (!isClosingOf(this.trust, closing, said))
      throw new Broken('entries.ndjson', 'the closing of a review is not signed by approvals', event.line);
  }

  #replayed(event: LoggedEvent, data: unknown): void {
    const { replay, ...said } = leaseReplayed.data.parse(data);
    if (!isReplayOf(this.trust, replay, said))
      throw new Broken('entries.ndjson', 'a second redeem of a lease is not signed by credentials', event.line);
  }

  #outcome(
    event: LoggedEvent,
    said: { action: Action; agentId: string; outcome: ReturnType<typeof signedOutcome.parse> },
  ): void {
    const { action, agentId, outcome } = said;
    const expected = { service: serviceOf[event.topic] ?? '?', agentId, actionId: event.subject };
    const verified = verifyOutcome(this.trust, outcome, expected);
    if (!verified.ok)
      throw new Broken('entries.ndjson', 'an outcome is not signed by its holder for this agent', event.line);
    if (this.#outcomeIds.has(outcome.ce.id))
      throw new Broken('entries.ndjson', 'an outcome was said twice', event.line);
    this.#outcomeIds.add(outcome.ce.id);
    this.#counts.outcomes += 1;
    if (verified.value.outcome === 'released') action.released = event.line;
    if (!terminalOutcomes.has(verified.value.outcome)) return;
    if (action.terminal !== undefined)
      throw new Broken('entries.ndjson', `action ${event.subject} ended twice`, event.line);
    action.terminal = verified.value.outcome;
  }
}

type VerdictPart = Evidence & { facts: unknown };

const forDoor = z.object({ aud: z.string() });

/** What a request's signature says it is for; whether it verifies is another question. */
function audienceOf(signature: string): string | undefined {
  try {
    const header = Buffer.from(signature.split('.')[0] ?? '', 'base64url').toString('utf8');
    return forDoor.safeParse(JSON.parse(header)).data?.aud;
  } catch {
    return undefined;
  }
}
