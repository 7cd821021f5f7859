import { Injectable } from '@nestjs/common';
import { explanation, type Explanation, type RequestEvidence } from '#contracts';
import { Peers } from '#facts';
import { Log } from '#platform';

/** A verdict waits for it, and the next ones behind that. */
const withinMs = 1_500;
/** For how long a target that did not answer is not asked again. */
const quietMs = 10_000;

/** Asks credentials, which alone reaches targets, what one would do with a statement. */
export abstract class CredentialsDoor {
  /** Never throws, and never takes long: without an answer there is no plan, and people see that there is none. */
  abstract explain(target: string, evidence: RequestEvidence): Promise<Explanation>;
}

@Injectable()
export class HttpCredentialsDoor extends CredentialsDoor {
  readonly #quietUntil = new Map<string, number>();

  constructor(
    private readonly peers: Peers,
    private readonly log: Log,
  ) {
    super();
  }

  override async explain(target: string, evidence: RequestEvidence): Promise<Explanation> {
    if ((this.#quietUntil.get(target) ?? 0) > performance.now()) return { explained: false, why: 'unavailable' };
    const answer = await this.#ask(evidence);
    if (!answer.explained && answer.why === 'unavailable') this.#quietUntil.set(target, performance.now() + quietMs);
    return answer;
  }

  async #ask(evidence: RequestEvidence): Promise<Explanation> {
    try {
      const { ok, body, status } = await this.peers.post('credentials', '/v1/explanations', { evidence }, withinMs);
      const answer = explanation.safeParse(body);
      if (ok && answer.success) return answer.data;
      this.log.warn('policy.no_explanation', { detail: `credentials answered ${String(status)}` });
    } catch (error) {
      this.log.warn('policy.no_explanation', { error });
    }
    return { explained: false, why: 'unavailable' };
  }
}
