import { Injectable } from '@nestjs/common';
import { Peers, type PeerAnswer } from '#facts';
import { isRetryable, Log } from '#platform';

/** Suspends agents at the registry on behalf of people who stopped something. */
export abstract class RegistryDoor {
  /** `done`: suspended, or gone altogether. `again`: no answer or a refusal, to be tried again. Never throws. */
  abstract suspend(agentId: string, reason: string): Promise<'done' | 'again'>;
}

@Injectable()
export class HttpRegistryDoor extends RegistryDoor {
  constructor(
    private readonly peers: Peers,
    private readonly log: Log,
  ) {
    super();
  }

  override async suspend(agentId: string, reason: string): Promise<'done' | 'again'> {
    const answer = await this.#ask(agentId, reason);
    // An agent that is not registered any more cannot act either.
    if (answer?.ok === true || answer?.status === 404) return 'done';
    this.log.warn('stop.suspend_waits', { agent_id: agentId, status: answer?.status });
    return 'again';
  }

  async #ask(agentId: string, reason: string): Promise<PeerAnswer | undefined> {
    try {
      return await this.peers.post('registry', `/v1/agents/${encodeURIComponent(agentId)}/suspend`, { reason });
    } catch (error) {
      if (isRetryable(error)) return undefined;
      throw error;
    }
  }
}
