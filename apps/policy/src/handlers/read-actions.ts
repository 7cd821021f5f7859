import { Injectable } from '@nestjs/common';
import type { actionAccepted, DataOf } from '#contracts';
import type { Tx } from '#database';
import { CatchUp, RegistryCopy } from '#facts';
import { DeadLetters, type Incoming } from '#messaging';
import type { Question } from '../core/question.js';
import { Evidence } from '../io/evidence.js';
import type { Ending } from './end-held.js';

export type Accepted = Incoming<DataOf<typeof actionAccepted>>;

/** An event that holds what it says. */
export interface Heard {
  event: Accepted;
  question: Question;
}

export interface ReadSlice {
  heard: Heard[];
  /** Accepted by intake, and not what intake froze. */
  doubtful: Ending[];
}

/** Verifies intake's acceptances, and reads the registry where an agent is newer than this process knows. */
@Injectable()
export class ReadActions {
  constructor(
    private readonly evidence: Evidence,
    private readonly catchUp: CatchUp,
    private readonly copy: RegistryCopy,
    private readonly deadLetters: DeadLetters,
  ) {}

  /** What intake never accepted is nobody's action: it becomes a dead letter, and nothing is said about its id. */
  async read(events: readonly Accepted[], tx: Tx): Promise<ReadSlice> {
    const [heard, doubtful, forged]: [Heard[], Ending[], Accepted[]] = [[], [], []];
    for (const event of events) {
      const { action_id: actionId, agent_id: agentId, request } = event.data;
      const read = this.evidence.read({ actionId, agentId }, request);
      if (read.kind === 'sound') heard.push({ event, question: read.question });
      if (read.kind === 'doubtful')
        doubtful.push({ actionId, agentId, digest: read.digest, traceparent: event.traceparent });
      if (read.kind === 'forged' || event.subject !== actionId) forged.push(event);
    }
    await this.deadLetters.bury(tx, forged);
    const own = heard.filter(({ event, question }) => event.subject === question.actionId);
    await this.catchUp.learn({ entries: own.map(({ question }) => agentOf(question)) });
    const known = own.filter(({ question }) => this.knows(question));
    const unknown = own.filter((one) => !known.includes(one)).map(endingOf);
    return { heard: known, doubtful: [...doubtful, ...unknown] };
  }

  /** intake signed that it saw this version; a registry that has none such has lost it, or somebody else signed. */
  private knows({ agentId, agentVersion }: Question): boolean {
    return this.copy.versionOf('agents', agentId) >= agentVersion;
  }
}

function endingOf({ event, question: { actionId, agentId, digest } }: Heard): Ending {
  return { actionId, agentId, digest, traceparent: event.traceparent };
}

const agentOf = ({ agentId, agentVersion }: Question) => ({
  kind: 'agents' as const,
  id: agentId,
  version: agentVersion,
});
