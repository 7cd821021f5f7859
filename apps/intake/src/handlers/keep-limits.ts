import { Crowd, waitingLimits } from '#contracts';
import type { Tx } from '#database';
import { RegistryCopy } from '#facts';
import { Injectable } from '@nestjs/common';
import { quotaAsked, withinCrowd, withinQuota, type Candidate } from '../core/settle.js';
import { QuotasStore, type QuotaGranted } from '../io/quotas.store.js';
import { WaitingStore } from '../io/waiting.store.js';

/** Why an agent has to wait, and how long at least. */
export interface Short {
  code: 'rate_limited' | 'pending_limit';
  waitSeconds: number;
}

/** People decide when there is room again; that is worth asking for now and then. */
const decideSeconds = 30;

/** What one agent may ask in a minute, and how much of it may wait for people. */
@Injectable()
export class KeepLimits {
  constructor(
    private readonly quotas: QuotasStore,
    private readonly waiting: WaitingStore,
    private readonly copy: RegistryCopy,
  ) {}

  /** Refuses what is too much. `onShort` hears of the first such, before anything is kept, and may throw. */
  async keep(fresh: readonly Candidate[], tx: Tx, onShort?: (short: Short) => void): Promise<Candidate[]> {
    const granted = await this.quotas.take(quotaAsked(fresh), tx);
    const inPace = withinQuota(fresh, new Map(granted.map((one) => [one.agentId, one.granted])));
    const limited = withinCrowd(inPace, await this.crowd(fresh, tx), (agent) =>
      waitingLimits(agent.spec, this.copy.get('people', agent.spec.owner)?.spec),
    );
    const short = limited.map((one) => shortOf(one, granted)).find((one) => one !== undefined);
    if (short !== undefined) onShort?.(short);
    return limited;
  }

  private async crowd(fresh: readonly Candidate[], tx: Tx): Promise<Crowd> {
    const agents = new Map(fresh.map(({ agent }) => [agent.id, agent.spec.owner]));
    return new Crowd(await this.waiting.count([...agents.keys()], [...new Set(agents.values())], tx));
  }
}

function shortOf({ agent, judged }: Candidate, granted: readonly QuotaGranted[]): Short | undefined {
  const code = judged.refusal?.code;
  if (code === 'pending_limit') return { code, waitSeconds: decideSeconds };
  if (code !== 'rate_limited') return undefined;
  return { code, waitSeconds: granted.find(({ agentId }) => agentId === agent.id)?.waitSeconds ?? 60 };
}
