import { Injectable } from '@nestjs/common';
import { ProblemError, type VoteAnswer, type VoteBody } from '#contracts';
import { Database } from '#database';
import { considerVote, type Refusal } from '../core/vote.js';
import { DecideVote } from './decide-vote.js';
import { JudgeAgain, type JudgedAgain } from './judge-again.js';
import { LoadCase, type LoadedCase } from './load-case.js';
import { ReadProof } from './read-proof.js';
import { caseOf, type CastVoteInput } from './vote-input.js';

/**
 * A person votes. Everything that may take long (the registry, the list of keys, policy) is asked first; then one transaction looks
 * again under the lock and counts. When one of them is silent no yes is counted.
 */
@Injectable()
export class CastVote {
  constructor(
    private readonly cases: LoadCase,
    private readonly judge: JudgeAgain,
    private readonly database: Database,
    private readonly decide: DecideVote,
    private readonly proofs: ReadProof,
  ) {}

  /** Throws ProblemError with the stable codes of `problems.ts`; a retryable Fault (503) decides nothing. */
  async handle(input: CastVoteInput): Promise<VoteAnswer> {
    const loaded = await this.cases.load(input.actionId, input.caller, 'now');
    const { circle, row } = loaded;
    const seat = considerVote(input.body, caseOf(loaded, { held: row, voted: row.voted, given: circle.given }));
    if ('code' in seat) throw problemOf(seat);
    const proof = this.proofs.read(input, loaded);
    await this.proofs.mustLive(proof, input.body.decision);
    const judged = await this.lookAgain(loaded, input.body);
    // The refusal of a vote may be the end of a request: it is thrown after the commit.
    const result = await this.database.transaction((tx) => this.decide.act(tx, { loaded, input, judged, proof }));
    if ('code' in result) throw problemOf(result);
    return { action_id: input.actionId, ...result };
  }

  private lookAgain(loaded: LoadedCase, body: VoteBody): JudgedAgain | { kind: 'agent_gone' } | Promise<JudgedAgain> {
    if (loaded.agent?.spec.state !== 'active') return { kind: 'agent_gone' };
    return body.decision === 'approve' ? this.judge.ask(loaded) : { kind: 'stands' };
  }
}

export function problemOf({ code, detail, why }: Refusal): ProblemError {
  return new ProblemError(code, { ...(why !== undefined && { why }), ...(detail !== undefined && { detail }) });
}
