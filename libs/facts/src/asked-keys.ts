import { personKeyStateAnswer } from '#contracts';
import { Fault, isRetryable } from '#platform';
import { PersonKeys, type KeyUse } from '#trust/http';
import type { Peers } from './peers.js';

/** Asks credentials, which keeps the list of people's keys, at each use of one. */
export class AskedKeys extends PersonKeys {
  constructor(private readonly peers: Pick<Peers, 'post'>) {
    super();
  }

  override async isLive(thumbprint: string, use: KeyUse): Promise<boolean> {
    try {
      return await this.#ask(thumbprint);
    } catch (error) {
      if (use === 'stop' && isRetryable(error)) return true;
      throw error;
    }
  }

  async #ask(thumbprint: string): Promise<boolean> {
    const { ok, status, body } = await this.peers.post('credentials', '/v1/person-keys/state', { thumbprint });
    const answer = personKeyStateAnswer.safeParse(body);
    if (ok && answer.data?.thumbprint === thumbprint) return answer.data.state === 'live';
    throw new Fault('peer_unavailable', { retryable: true, message: `credentials answered ${String(status)}` });
  }
}
