import { Injectable } from '@nestjs/common';
import {
  outcomeValue,
  personIn,
  personRecipient,
  ProblemError,
  type ActionAnswer,
  type ActionState,
  type OutcomeValue,
  type SignedOutcome,
} from '#contracts';
import { RegistryClient } from '#facts';
import { safeText } from '#trust';
import type { Caller } from '#trust/http';
import { isTerminal, isWaiting } from '../core/outcome-states.js';
import { reasonText } from '../core/reasons.js';
import { ActionStore, type Saved, type Standing, type StoredOutcome } from '../io/action.store.js';
import { Waiters } from '../io/waiters.js';

/** How long to hold an answer that would say nothing new. */
export interface Wait {
  seconds: number;
  /** The state that the caller has seen; undefined when it does not say. */
  known: ActionState | undefined;
  /** And the code beside it. */
  knownCode?: string | undefined;
}

/** The state of one action, for its agent, for those who decide or decided it, and for auditors. Nothing for anybody else. */
@Injectable()
export class ShowAction {
  constructor(
    private readonly actions: ActionStore,
    private readonly waiters: Waiters,
    private readonly registry: RegistryClient,
  ) {}

  async handle(actionId: string, caller: Caller, wait: Wait): Promise<ActionAnswer> {
    const action = await this.actions.byId(actionId);
    if (action === undefined || !(await this.maySee(action, caller))) throw new ProblemError('not_found');
    if (isHeld(action, wait)) await this.waiters.until(actionId, action, wait.seconds);
    // In this order: a state and its outcome are saved together, so the outcome of any state read before is there.
    const now = await this.actions.byId(actionId);
    const outcomes = await this.actions.outcomesOf(actionId);
    return answerOf(now ?? action, outcomes);
  }

  private async maySee(action: Saved, caller: Caller): Promise<boolean> {
    if (caller.kind === 'agent') return caller.agent.id === action.agentId;
    if (caller.kind !== 'person') return false;
    const asked = [...action.stages.map(({ group }) => group), ...action.notify];
    if (asked.includes(personRecipient(caller.person.id))) return true;
    const groups = new Set(['auditors', 'soc-lead', ...asked].filter((one) => personIn(one) === undefined));
    const entries = await this.registry.current([...groups].map((id) => ({ kind: 'groups' as const, id })));
    return entries.some((group) => group?.spec.members.includes(caller.person.id) === true);
  }
}

/** Without a word about what the caller knows, it is held while there is nothing to do but wait. */
function isHeld({ code, state }: Standing, { seconds, known, knownCode = code ?? '' }: Wait): boolean {
  const isKnown = state === known && knownCode === (code ?? '');
  const saysNothingNew = known === undefined ? isWaiting(state) : isKnown && !isTerminal(state);
  return seconds > 0 && saysNothingNew;
}

function answerOf(action: Saved & { actionDigest: string | null }, outcomes: StoredOutcome[]): ActionAnswer {
  const values = outcomes.map(({ value }) => outcomeValue.parse(JSON.parse(value)));
  const last = values.findLast(({ outcome }) => outcome === action.state);
  const signed = outcomes.findLast(({ outcome }) => outcome === action.state);
  const offer = values.find(({ lease }) => lease !== undefined);
  return {
    action_id: action.actionId,
    agent_id: action.agentId,
    ...(action.actionDigest === null ? {} : { action_digest: action.actionDigest }),
    state: action.state,
    ...(action.code === null ? {} : { code: action.code }),
    reasons: (last?.reasons ?? []).map((code) => ({ code, text: reasonText(code) })),
    ...(offer?.lease === undefined ? {} : { lease: offer.lease }),
    ...(last && waitsOf(last)),
    ...questionIn(action),
    ...(signed === undefined ? {} : { outcome: signedOf(signed) }),
    history: outcomes.map(({ outcome, code, recorded_at }) => ({
      state: outcome as ActionState, code, at: recorded_at.toISOString(),
    })), // prettier-ignore
  };
}

/** What there is to wait for: people, or the end of a denial that holds for a time. */
function waitsOf({ approval, ask_again_at }: OutcomeValue): Pick<ActionAnswer, 'approval' | 'ask_again_at'> {
  return { ...(approval && { approval }), ...(ask_again_at !== undefined && { ask_again_at }) };
}

/** In the words of a person, which no outcome carries. */
function questionIn({ askedAt, question }: Saved): Pick<ActionAnswer, 'question'> {
  if (question === null || askedAt === null) return {};
  return { question: { text: safeText(question, { lines: true }), asked_at: askedAt.toISOString() } };
}

/** As its holder signed it: the agent need not trust this service. */
function signedOf({ event_id, source, outcome, value, signature }: StoredOutcome): SignedOutcome {
  return { ce: { id: event_id, source, type: `sallyport.outcome.${outcome}.v1` }, value, signature };
}
