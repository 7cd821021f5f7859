import { Injectable } from '@nestjs/common';
import { acceptance, actionAccepted } from '#contracts';
import { Timers, type Tx } from '#database';
import { DeadLetters, type Incoming } from '#messaging';
import { digestOfBytes, Trust, verifyOutcome } from '#trust';
import { reminderAt } from '../core/message.js';
import { isA, agentOf, outcomeIn, reviewIn, waitingIn, type Event } from '../core/heard.js';
import { isTerminal, rankOf, serviceOfTopic } from '../core/outcome-states.js';
import { ActionStore, type Learned, type NewOutcome } from '../io/action.store.js';
import { Waiters } from '../io/waiters.js';
import { Audiences } from './audiences.js';
import { ForwardOutcomes, type Forward } from './forward-outcomes.js';
import { TellPeople } from './tell-people.js';

export const reminderTimer = 'reminder';

/** One event that verified, and what it teaches. */
interface Read {
  event: Incoming<unknown>;
  learned: Learned;
  outcome?: Forward & NewOutcome;
}

/**
 * Everything that services say about actions: remembers states, forwards each signed outcome to its agent, and sees that
 * people are told. An event whose outcome or acceptance does not verify is forged: it changes nothing here.
 */
@Injectable()
export class RecordEvents {
  constructor(
    private readonly trust: Trust,
    private readonly actions: ActionStore,
    private readonly audiences: Audiences,
    private readonly forward: ForwardOutcomes,
    private readonly people: TellPeople,
    private readonly timers: Timers,
    private readonly waiters: Waiters,
    private readonly deadLetters: DeadLetters,
  ) {}

  async handle(events: Incoming<unknown>[], tx: Tx): Promise<void> {
    const read = events.map((event) => this.read(event));
    await this.refuse(
      tx,
      events.filter((_, index) => read[index] === undefined),
    );
    const genuine = read.filter((one) => one !== undefined);
    const outcomes = genuine.flatMap(({ outcome }) => (outcome === undefined ? [] : [outcome]));
    const fresh = await this.actions.addOutcomes(tx, outcomes);
    await this.forward.handle(tx, outcomes, fresh);
    const saved = await this.actions.learn(
      tx,
      genuine.map((one) => settled(one, fresh)),
    );
    await this.people.handle(tx, saved);
    await this.setReminders(tx, genuine);
    tx.afterCommit(() => {
      for (const { learned } of genuine) this.waiters.changed(learned.actionId);
    });
  }

  private read(event: Incoming<unknown>): Read | undefined {
    const learned: Learned = { actionId: event.subject, agentId: agentOf(event), ...whatElse(event) };
    if (isA(event, actionAccepted)) return this.isAccepted(event) ? { event, learned } : undefined;
    const audience = this.audiences.of(event);
    if (audience !== undefined) learned.audience = audience;
    const signed = outcomeIn(event);
    if (signed === undefined) return { event, learned };
    const service = serviceOfTopic[event.topic] ?? '';
    const verified = verifyOutcome(this.trust, signed, { service, agentId: learned.agentId, actionId: event.subject });
    if (!verified.ok) return undefined;
    const { outcome, code, action_digest } = verified.value;
    const terminal = isTerminal(outcome);
    Object.assign(learned, { state: outcome, rank: rankOf(outcome), code, actionDigest: action_digest });
    const row = { eventId: signed.ce.id, actionId: event.subject, outcome, code, signed, terminal };
    return { event, learned, outcome: { ...row, agentId: learned.agentId, traceparent: event.traceparent } };
  }

  private isAccepted(event: Event & { data: unknown }): boolean {
    if (!isA(event, actionAccepted)) return false;
    const { action_id, agent_id, request } = event.data;
    const verified = this.trust.verify(request.acceptance, {
      purpose: 'acceptance',
      service: 'intake',
      schema: acceptance,
    });
    return verified.ok && verified.payload.action_id === action_id && verified.payload.agent.id === agent_id;
  }

  private async refuse(tx: Tx, forged: Incoming<unknown>[]): Promise<void> {
    if (forged.length === 0) return;
    await this.actions.countRefused(
      tx,
      forged.map(({ topic }) => topic),
    );
    await this.deadLetters.add(
      tx,
      forged.map(({ topic, partition, offset, key, value }) => ({
        topic, partition, offset, key, sha256: digestOfBytes(value), code: 'evidence_invalid',
      })), // prettier-ignore
    );
  }

  private async setReminders(tx: Tx, genuine: Read[]): Promise<void> {
    await this.timers.set(
      tx,
      genuine.flatMap(({ event }) => {
        const waiting = waitingIn(event);
        if (waiting === undefined) return [];
        const dueAt = reminderAt(waiting.openedAt, waiting.deadlineAt);
        return [{ kind: reminderTimer, ref: `${event.subject}:${String(waiting.stage)}`, dueAt }];
      }),
    );
  }
}

function whatElse(event: Event): Partial<Learned> {
  const waiting = waitingIn(event);
  const review = reviewIn(event);
  return {
    ...(waiting && { openStage: waiting.stage, deadlineAt: waiting.deadlineAt, replaced: waiting.replaced }),
    ...(review && { reviewId: review.reviewId, reviewGroup: review.group }),
  };
}

/** An outcome that was heard before, or that would be a second end, teaches no state. */
function settled({ learned, outcome }: Read, fresh: Set<string>): Learned {
  if (outcome === undefined || fresh.has(outcome.eventId)) return learned;
  const { actionId, agentId, audience } = learned;
  return { actionId, agentId, ...(audience === undefined ? {} : { audience }) };
}
