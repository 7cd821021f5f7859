import { Injectable } from '@nestjs/common';
import {
  judgementAnswer,
  routingAnswer,
  type JudgementAnswer,
  type RequestEvidence,
  type RoutingNeed,
} from '#contracts';
import { Peers } from '#facts';
import { Fault } from '#platform';

/** Asks policy: to judge an accepted action again (`POST /v1/judgements`, purpose `vote`), which reserves nothing; and whom it could ask for. */
export abstract class PolicyDoor {
  /** Nothing in the answer is verified yet. No answer in time is a retryable Fault: the vote waits, it is not counted. */
  abstract judge(evidence: RequestEvidence): Promise<JudgementAnswer>;

  /** Which people its settings can ask for. Decides nothing. */
  abstract needs(): Promise<RoutingNeed[]>;
}

@Injectable()
export class HttpPolicyDoor extends PolicyDoor {
  constructor(private readonly peers: Peers) {
    super();
  }

  override async judge(evidence: RequestEvidence): Promise<JudgementAnswer> {
    const { ok, status, body } = await this.peers.post('policy', '/v1/judgements', { purpose: 'vote', evidence });
    const answer = judgementAnswer.safeParse(body);
    if (ok && answer.success) return answer.data;
    throw unanswered(status);
  }

  override async needs(): Promise<RoutingNeed[]> {
    const { ok, status, body } = await this.peers.get('policy', '/v1/routing');
    const answer = routingAnswer.safeParse(body);
    if (ok && answer.success) return answer.data.needs;
    throw unanswered(status);
  }
}

function unanswered(status: number): Fault {
  return new Fault('policy_unavailable', { retryable: true, message: `policy answered ${String(status)}` });
}
