import { Injectable } from '@nestjs/common';
import {
  approvalGranted,
  approvalVoted,
  type CountedVote,
  type Counting,
  type DataOf,
  type Plan,
  type Versioned,
} from '#contracts';
import { Timers, type Tx } from '#database';
import { Outbox, type Said } from '#messaging';
import { canonical, votesNamed } from '#trust';
import { stagesInOrder, type Held } from '../core/approval.js';
import type { Lent, Seat } from '../core/eligibility.js';
import { accessAfter, countVote, waitsAfter, type Counted } from '../core/vote.js';
import { groupsAsked, type WaitsFor } from '../core/waits-for.js';
import { ApprovalStore } from '../io/approval.store.js';
import { VoteSigner, type Proof } from '../io/vote-signer.js';
import { VoteStore, type StoredVote } from '../io/vote.store.js';
import type { LoadedCase } from './load-case.js';
import { expireTimer, timersOf } from './timer-kinds.js';
import type { CastVoteInput } from './vote-input.js';

export interface VoteToCount {
  loaded: LoadedCase;
  input: CastVoteInput;
  /** Locked by the transaction, and open. */
  held: Held;
  seat: Extract<Seat, { ok: true }>;
  /** The votes of this plan that were counted before. */
  before: StoredVote[];
  proof: Proof;
}

/** Counts one vote that may be counted: the vote, what it leads to, and what is said, in the transaction that holds the lock. */
@Injectable()
export class CountVote {
  constructor(
    private readonly signer: VoteSigner,
    private readonly approvals: ApprovalStore,
    private readonly votes: VoteStore,
    private readonly timers: Timers,
    private readonly outbox: Outbox,
  ) {}

  /** Answers what the vote led to. A no is counted here and ended by the caller. */
  async count(tx: Tx, vote: VoteToCount): Promise<Counted> {
    const { before, held, input, loaded, seat } = vote;
    const { body } = input;
    const stored = this.sign(vote);
    const counted = countVote(loaded.plan, seat.stage, { decision: body.decision, before });
    const granted = counted.then === 'granted';
    const waits = waitsAfter(loaded.plan, held, counted);
    await this.approvals.count(tx, held, { vote: stored, reason: body.reason, granted });
    if (granted) await this.timers.clear(tx, expireTimer, [held.actionId]);
    if (waits !== undefined) await this.wait(tx, held, waits);
    const next = counted.then === 'next_stage' ? nextOf(held, loaded.plan, waits) : undefined;
    const voted = votedOf(vote, stored, { next, shown: await this.shown(tx, loaded) });
    await this.outbox.say(tx, granted ? [voted, this.granted(vote, [...before, stored])] : [voted]);
    return counted;
  }

  private async wait(tx: Tx, { actionId }: Held, waits: WaitsFor): Promise<void> {
    await this.approvals.wait(tx, actionId, waits);
    await this.timers.set(tx, timersOf(actionId, waits));
  }

  /** What this person decided on, with the first vote on it: said once, and kept. */
  private async shown(tx: Tx, { row, view, viewDigest }: LoadedCase): Promise<string | undefined> {
    const text = canonical(view);
    return (await this.votes.keepView(tx, row.actionId, { digest: viewDigest, text })) ? text : undefined;
  }

  private sign({ held, input, loaded, proof, seat }: VoteToCount): StoredVote {
    const { body } = input;
    const { person, row } = loaded;
    const { actionType } = row;
    const { from } = seat;
    const counted = this.signer.count(proof, {
      action_id: row.actionId,
      person: person.id,
      person_version: person.version,
      seat: { stage: seat.stage.stage, ...(seat.group && { group: versionOf(seat.group) }) },
      ...(from && { delegated: delegatedBy(from) }),
      ...(actionType && { action_type: versionOf(actionType) }),
      received_at: held.now.toISOString(),
    });
    const said = { person: person.id, stage: seat.stage.stage, decision: body.decision, caps: body.caps };
    const evidence = from === undefined ? counted : { ...counted, delegated: from.given.signed };
    return { ...said, seatOf: from?.giver.id, counted: evidence };
  }

  private granted({ held, input, loaded }: VoteToCount, votes: StoredVote[]): Said<typeof approvalGranted> {
    const { grant, plan, row, view } = loaded;
    const who = { action_id: held.actionId, agent_id: held.agentId };
    const inOrder = inOrderOf(plan, votes);
    return {
      event: approvalGranted,
      subject: held.actionId,
      sequence: held.version + 2,
      data: {
        ...who,
        evidence: { request: row.request, verdict: row.verdict, facts: row.facts, votes: inOrder },
        granting: this.signer.grant({
          ...who,
          action_digest: row.actionDigest,
          plan_digest: view.plan_digest,
          votes: votesNamed(inOrder),
          granted_at: held.now.toISOString(),
        }),
        granted: accessAfter(
          grant,
          votes.map(({ caps }) => caps),
        ),
      },
      traceparent: input.traceparent ?? held.traceparent,
    };
  }
}

function delegatedBy({ given, giver }: Lent): NonNullable<Counting['delegated']> {
  return { by: { id: giver.id, version: giver.version }, given_at: given.givenAt.toISOString() };
}

function votedOf(
  { held, input, loaded, seat }: VoteToCount,
  stored: StoredVote,
  { next, shown }: { next: Next; shown: string | undefined },
): Said<typeof approvalVoted> {
  return {
    event: approvalVoted,
    subject: held.actionId,
    sequence: held.version + 1,
    data: {
      action_id: held.actionId,
      agent_id: held.agentId,
      person: loaded.person.id,
      decision: stored.decision,
      stage: seat.stage.stage,
      counted: stored.counted,
      ...(shown !== undefined && { shown }),
      ...(next && { next }),
    },
    traceparent: input.traceparent ?? held.traceparent,
  };
}

const versionOf = ({ id, version }: Versioned): Versioned => ({ id, version });

type Next = DataOf<typeof approvalVoted>['next'];

function nextOf({ summary: before }: Held, { stages }: Plan, waits: WaitsFor | undefined): Next {
  if (before === undefined || waits === undefined) return undefined;
  const summary = { ...before, groups: groupsAsked({ stages }, waits) };
  return { stage: waits.stage, deadline_at: waits.deadlineAt.toISOString(), summary };
}

function inOrderOf(plan: Plan, votes: StoredVote[]): CountedVote[] {
  const order = stagesInOrder(plan).map(({ stage }) => stage);
  const inOrder = votes.toSorted((a, b) => order.indexOf(a.stage) - order.indexOf(b.stage));
  return inOrder.map(({ counted }) => counted);
}
