import { Injectable } from '@nestjs/common';
import { judgementAnswer, type JudgementBody } from '#contracts';
import { DatabaseClock } from '#database';
import { CommonSettings, Fault } from '#platform';
import { Keyring, signServiceToken } from '#trust';

/** A redeem would rather hear "not now" than wait. */
const timeoutMs = 5_000;

/** Asks policy to judge an action again. What it answers is still to be verified. */
@Injectable()
export class PolicyClient {
  constructor(
    private readonly settings: CommonSettings,
    private readonly keyring: Keyring,
    private readonly clock: DatabaseClock,
  ) {}

  /** The signed verdict, unverified. Throws a retryable Fault when there is none: an outage is never a verdict. */
  async judge(body: JudgementBody): Promise<string> {
    const url = this.settings.SALLYPORT_POLICY_URL;
    const answer = judgementAnswer.safeParse(await this.#post(`${url}/v1/judgements`, url, body));
    if (!answer.success) throw unavailable('policy answered in an unknown shape');
    return answer.data.verdict;
  }

  async #post(route: string, aud: string, body: JudgementBody): Promise<unknown> {
    try {
      const response = await fetch(route, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${signServiceToken(this.keyring, { aud, now: await this.clock.now() })}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify(body),
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      });
      if (response.ok) return await response.json();
      await response.body?.cancel();
      throw unavailable(`policy answered ${String(response.status)}`);
    } catch (error) {
      throw error instanceof Fault ? error : unavailable('policy does not answer', error);
    }
  }
}

function unavailable(message: string, cause?: unknown): Fault {
  return new Fault('policy_unavailable', { retryable: true, message, cause });
}
