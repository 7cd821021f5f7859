import { Injectable } from '@nestjs/common';
import { ProblemError, type DelegateAnswer, type DelegateBody, type Known } from '#contracts';
import type { Tx } from '#database';
import { isKnown } from '#facts';
import { deciderOf, type Decider } from '../core/decider.js';
import { whyNotGiven } from '../core/delegation.js';
import type { Given } from '../core/eligibility.js';
import { seated, type Refusal } from '../core/vote.js';
import { RegistryFacts } from '../io/registry-facts.js';
import { problemOf } from './cast-vote.js';
import { LoadCase, type LoadedCase } from './load-case.js';
import { ReadProof } from './read-proof.js';
import { SaySeats } from './say-seats.js';
import { SeatTables, type LockedSeats } from './seat-tables.js';

export interface DelegateInput {
  actionId: string;
  caller: Known<'people'>;
  body: DelegateBody;
  traceparent: string | undefined;
}

interface ToGive extends DelegateInput {
  loaded: LoadedCase;
  receiver: Decider | undefined;
  given: Omit<Given, 'givenAt'> & { jti: string };
}

/** A person gives the seat that they hold in a request to somebody else, or takes it back. Only for this request, and only until then. */
@Injectable()
export class DelegateSeat {
  constructor(
    private readonly cases: LoadCase,
    private readonly registry: RegistryFacts,
    private readonly proofs: ReadProof,
    private readonly tables: SeatTables,
    private readonly say: SaySeats,
  ) {}

  /** Throws ProblemError: `not_eligible` of the giver, `receiver_not_eligible`, and those of a vote. */
  async give(input: DelegateInput): Promise<DelegateAnswer> {
    const { actionId, body, caller } = input;
    const loaded = await this.cases.load(actionId, caller, 'now');
    const { given, signed, thumbprint } = this.proofs.readDelegation(body, loaded);
    // Credentials would take no vote on a seat that an ended key gave away.
    await this.proofs.mustLive({ thumbprint }, 'approve');
    const [receiver] = await this.registry.now([{ kind: 'people', id: body.to }]);
    const seat = { giver: caller.id, receiver: body.to, until: new Date(body.until), signed, jti: given.jti };
    const known = isKnown(receiver, 'people') ? deciderOf(receiver) : undefined;
    const wanted = { ...input, loaded, receiver: known, given: seat };
    const refused = await this.tables.change(actionId, (tx, locked) => this.save(tx, locked, wanted));
    if (refused !== undefined) throw problemOf(refused);
    return { action_id: actionId, to: body.to, until: body.until, stands: true };
  } // prettier-ignore

  /** Throws ProblemError: `not_found` where nothing of the caller's is given away, `already_decided`, and `not_eligible` once the seat is filled. */
  async takeBack(input: Omit<DelegateInput, 'body'>): Promise<DelegateAnswer> {
    const { actionId, caller } = input;
    await this.cases.load(actionId, caller, 'now');
    const given = await this.tables.change(actionId, async (tx, { given: all, held, votes }) => {
      const own = all.find(({ giver }) => giver === caller.id);
      if (held.state !== 'open') throw new ProblemError('already_decided');
      if (own === undefined) throw new ProblemError('not_found');
      if (seated(votes).has(caller.id)) throw new ProblemError('not_eligible', { why: 'already_voted' });
      await this.tables.delegations.end(tx, actionId, own);
      await this.say.handle(tx, held, { given: own, stands: false, by: caller.id, traceparent: input.traceparent });
      return own;
    });
    return { action_id: actionId, to: given.receiver, until: given.until.toISOString(), stands: false };
  }

  private async save(
    tx: Tx,
    { given: all, held, votes }: LockedSeats,
    { given, loaded, receiver, ...input }: ToGive,
  ): Promise<Refusal | undefined> {
    const circle = { ...loaded.circle, given: all };
    const giver = loaded.person;
    const { planNo } = loaded.row;
    const { until } = given;
    const refusal = whyNotGiven({ held, circle, planNo, giver, receiver, until, seated: seated(votes) });
    if (refusal !== undefined) return refusal;
    const now = { ...given, givenAt: held.now };
    const isNew = await this.tables.delegations.give(tx, held, now);
    if (!isNew) return { ok: false, code: 'proof_invalid', detail: 'this was given before: sign it anew' };
    const { body, caller, traceparent } = input;
    await this.say.handle(tx, held, { given: now, stands: true, by: caller.id, reason: body.reason, traceparent });
    return undefined;
  }
}
