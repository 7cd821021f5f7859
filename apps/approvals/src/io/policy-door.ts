import { Injectable } from '@nestjs/common';
import { judgementAnswer, type JudgementAnswer, type RequestEvidence } from '#contracts';
import { Peers } from '#facts';
import { Fault } from '#platform';

/** Asks policy to judge an accepted action again (`POST /v1/judgements`, purpose `vote`): it reserves nothing. */
export abstract class PolicyDoor {
  /** Nothing in the answer is verified yet. No answer in time is a retryable Fault: the vote waits, it is not counted. */
  abstract judge(evidence: RequestEvidence): Promise<JudgementAnswer>;
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
    throw new Fault('policy_unavailable', { retryable: true, message: `policy answered ${String(status)}` });
  }
}
