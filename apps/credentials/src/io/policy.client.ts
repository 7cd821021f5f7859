import { Injectable } from '@nestjs/common';
import { capsAnswer, judgementAnswer, type CapsAnswer, type JudgementBody } from '#contracts';
import { Peers } from '#facts';
import { Fault } from '#platform';

/** A redeem would rather hear "not now" than wait. */
const withinMs = 5_000;

/** Asks policy to judge an action again. What it answers is still to be verified. */
@Injectable()
export class PolicyClient {
  constructor(private readonly peers: Peers) {}

  /** The signed verdict, unverified. Throws a retryable Fault when there is none: an outage is never a verdict. */
  async judge(asked: JudgementBody): Promise<string> {
    const { ok, status, body } = await this.peers.post('policy', '/v1/judgements', asked, withinMs);
    const answer = judgementAnswer.safeParse(body);
    if (ok && answer.success) return answer.data.verdict;
    throw new Fault('policy_unavailable', { retryable: true, message: `policy answered ${String(status)}` });
  }

  /** What the rules give at most; undefined when policy does not say. */
  async caps(): Promise<CapsAnswer | undefined> {
    const answer = await this.peers.get('policy', '/v1/caps').catch(() => undefined);
    return answer?.ok === true ? capsAnswer.safeParse(answer.body).data : undefined;
  }
}
