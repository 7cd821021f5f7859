import { Injectable } from '@nestjs/common';
import { personKeyStateAnswer } from '#contracts';
import { Peers } from '#facts';
import { Fault } from '#platform';

/** Asks credentials, which keeps the list of people's keys, whether one may still sign. */
export abstract class KeysDoor {
  /** No answer in time is a retryable Fault. */
  abstract isLive(thumbprint: string): Promise<boolean>;
}

@Injectable()
export class HttpKeysDoor extends KeysDoor {
  constructor(private readonly peers: Peers) {
    super();
  }

  override async isLive(thumbprint: string): Promise<boolean> {
    const { ok, status, body } = await this.peers.post('credentials', '/v1/person-keys/state', { thumbprint });
    const answer = personKeyStateAnswer.safeParse(body);
    if (ok && answer.data?.thumbprint === thumbprint) return answer.data.state === 'live';
    throw new Fault('peer_unavailable', { retryable: true, message: `credentials answered ${String(status)}` });
  }
}
